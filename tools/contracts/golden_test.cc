// The documents of testdata/tree, as testdata/golden has them. With
// MILLRACE_UPDATE_GOLDENS set, what comes out is written there instead.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "base/status.h"
#include "contract/event.h"
#include "tools/contracts/asyncapi.h"
#include "tools/contracts/contract_tree.h"
#include "tools/contracts/embedded.h"
#include "tools/contracts/graph.h"
#include "tools/contracts/list.h"
#include "tools/contracts/openapi.h"
#include "users/v1/events.millrace.h"

namespace millrace::contracts {
namespace {

constexpr char kData[] = "tools/contracts/testdata/";

class GoldenTest : public testing::Test {
 protected:
  void Expect(const std::string& name, const std::string& text) {
    const std::string path = std::string(kData) + "golden/" + name;
    if (std::getenv("MILLRACE_UPDATE_GOLDENS") != nullptr) {
      std::ofstream(path) << text;
      return;
    }
    std::ifstream file(path);
    EXPECT_EQ(text, std::string(std::istreambuf_iterator<char>(file), {}))
        << "differs from " << path;
  }

  const ContractTree::Ptr tree_ =
      ValueOrThrow(ContractTree::FromFolder(std::string(kData) + "tree"));
  const Contracts contracts_ = ReadContracts(*tree_);
  const DocumentOptions options_ = {"Shop", "1.2.3", ""};
  const std::vector<ModuleModel> modules_ = {
      {"shop", {"shop.v1.ShopService"}, {}, {"shop.v1.ShopEvents"}},
      {"till",
       {},
       {"shop.v1.ShopService", "other.v1.NotKnownHere"},
       {"shop.v1.ShopEvents", "shop.v1.DoorEvents"}}};
};

TEST_F(GoldenTest, List) {
  Expect("list.txt", ListText(contracts_));
  Expect("list.json", ToJsonText(ListDocument(contracts_)));
}

TEST_F(GoldenTest, Graph) {
  const Graph graph = MakeGraph(contracts_, modules_);
  Expect("graph.dot", GraphDot(graph));
  Expect("graph.mermaid", GraphMermaid(graph));
  Expect("graph.json", ToJsonText(GraphDocument(graph)));
}

TEST_F(GoldenTest, GraphWithoutModulesSaysWhatItLeavesOut) {
  const Graph graph = MakeGraph(contracts_, {});
  for (const GraphEdge& edge : graph.edges) EXPECT_EQ(edge.kind, "emits");
  EXPECT_NE(graph.note.find("who listens"), graph.note.npos);
}

TEST_F(GoldenTest, OpenApi) {
  Expect("openapi.yaml", ToYamlText(OpenApi(contracts_, options_)));
}

TEST_F(GoldenTest, AsyncApi) {
  Expect("asyncapi.yaml",
         ToYamlText(AsyncApi(contracts_, options_, PayloadForm::kJsonSchema)));
  Expect("asyncapi_protobuf.yaml",
         ToYamlText(AsyncApi(contracts_, options_, PayloadForm::kProtobuf)));
}

// What the model takes for the defaults is what the compiler does.
TEST(EmbeddedContractsTest, AreThoseThatTheProgramRuns) {
  const ContractTree::Ptr tree =
      ValueOrThrow(ContractTree::FromSet(EmbeddedContracts(), "embedded"));
  const Contracts contracts = ReadContracts(*tree);
  const EmitterModel* model = contracts.FindEmitter("users.v1.UserEvents");
  ASSERT_NE(model, nullptr);
  const ContractInfo& info = ::users::v1::UserEvents::Info();
  EXPECT_EQ(model->topic, info.topic);
  EXPECT_EQ(model->dead_letter_topic, info.dead_letter_topic);
  EXPECT_EQ(model->partitions, info.partitions);
  EXPECT_EQ(absl::Milliseconds(model->retention_ms), info.retention);
  EXPECT_EQ(model->retry.max_attempts, info.retry.max_attempts);
  EXPECT_EQ(absl::Milliseconds(model->retry.initial_backoff_ms),
            info.retry.initial_backoff);
  EXPECT_EQ(absl::Milliseconds(model->retry.max_backoff_ms),
            info.retry.max_backoff);
  EXPECT_EQ(model->retry.multiplier, info.retry.multiplier);
  ASSERT_EQ(model->events.size(), info.events.size());
  for (size_t i = 0; i < info.events.size(); ++i) {
    EXPECT_EQ(model->events[i].type, info.events[i].type);
  }
}

TEST(ContractTreeTest, SaysWhatCannotBeLoaded) {
  EXPECT_EQ(ContractTree::Load("no/such/place").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ContractTree::FromSet("\xff\xff", "x").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ContractTree::FromFolder("tools/contracts/testdata/golden")
                .status()
                .code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace millrace::contracts
