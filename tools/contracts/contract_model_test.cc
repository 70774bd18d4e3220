#include "tools/contracts/contract_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/status.h"
#include "tools/contracts/asyncapi.h"
#include "tools/contracts/check.h"
#include "tools/contracts/graph.h"
#include "tools/contracts/list.h"

namespace millrace::contracts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Options of a version that may know more than this program.
constexpr char kOptions[] = R"(syntax = "proto3";
package millrace.v1;
import "google/protobuf/descriptor.proto";
extend google.protobuf.ServiceOptions { optional Emitter emitter = 51001; }
extend google.protobuf.MethodOptions { optional EventOptions event = 51002; }
message Emitter {
  string topic = 1;
  repeated string extends = 6;
  string merge = 7;
}
message EventOptions { string key = 1; }
)";

constexpr char kContracts[] = R"(syntax = "proto3";
package a.v1;
import "google/protobuf/empty.proto";
import "millrace/v1/contract.proto";

message Payload { string id = 1; }

service Left {
  option (millrace.v1.emitter) = {topic: "a.v1.left", extends: "a.v1.Base"};
  rpc Went(Payload) returns (google.protobuf.Empty) {
    option (millrace.v1.event) = {key: "id"};
  }
}
service Right {
  option (millrace.v1.emitter) = {topic: "a.v1.right", extends: "a.v1.Base"};
  rpc Came(Payload) returns (google.protobuf.Empty) {
    option (millrace.v1.event) = {key: "id"};
  }
}
service Base {
  option (millrace.v1.emitter) = {topic: "a.v1.base"};
  rpc Was(Payload) returns (google.protobuf.Empty) {
    option (millrace.v1.event) = {key: "id"};
  }
}
service MoreOfBase {
  option (millrace.v1.emitter) = {merge: "a.v1.Base"};
  rpc WillBe(Payload) returns (google.protobuf.Empty) {
    option (millrace.v1.event) = {key: "id"};
  }
}
service AllOfBase {
  option (millrace.v1.emitter) = {extends: ["a.v1.MoreOfBase", "a.v1.Base"]};
}
service All {
  option (millrace.v1.emitter) = {extends: ["a.v1.Left", "a.v1.Right"]};
}
)";

class ContractModelTest : public testing::Test {
 protected:
  ContractModelTest() {
    std::string name = testing::TempDir() + "model_XXXXXX";
    root_ = mkdtemp(name.data());
    Write("millrace/v1/contract.proto", kOptions);
    Write("a.proto", kContracts);
    tree_ = ValueOrThrow(ContractTree::FromFolder(root_));
    contracts_ = ReadContracts(*tree_);
  }
  ~ContractModelTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& file, const std::string& text) {
    const std::filesystem::path path = root_ + "/" + file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  std::string root_;
  ContractTree::Ptr tree_;
  Contracts contracts_;
};

std::vector<std::string> Types(const std::vector<const EventModel*>& events) {
  std::vector<std::string> types;
  for (const EventModel* event : events) types.push_back(event->type);
  return types;
}

TEST_F(ContractModelTest, EventsAreMergedIntoTheirContract) {
  EXPECT_EQ(contracts_.FindEmitter("a.v1.MoreOfBase"), nullptr);
  const EmitterModel* base = contracts_.FindEmitter("a.v1.Base");
  ASSERT_NE(base, nullptr);
  ASSERT_EQ(base->events.size(), 2u);
  EXPECT_EQ(base->events[1].type, "a.v1.Base.WillBe");
}

TEST_F(ContractModelTest, InheritedEventsAreThereOnce) {
  const EmitterModel* all = contracts_.FindEmitter("a.v1.All");
  ASSERT_NE(all, nullptr);
  EXPECT_THAT(Types(Inherited(contracts_, *all)),
              ElementsAre("a.v1.Left.Went", "a.v1.Base.Was", "a.v1.Base.WillBe",
                          "a.v1.Right.Came"));
  EXPECT_THAT(all->topic, "");
}

TEST_F(ContractModelTest, AFurtherDeclarationStandsForItsContract) {
  const EmitterModel* all = contracts_.FindEmitter("a.v1.AllOfBase");
  ASSERT_NE(all, nullptr);
  EXPECT_THAT(all->extends, ElementsAre("a.v1.Base"));
  EXPECT_THAT(Types(Inherited(contracts_, *all)),
              ElementsAre("a.v1.Base.Was", "a.v1.Base.WillBe"));
}

TEST_F(ContractModelTest, DocumentsHaveBases) {
  EXPECT_THAT(ListText(contracts_), HasSubstr("  extends a.v1.Left\n"));
  EXPECT_THAT(ListText(contracts_), HasSubstr("  a.v1.Base.WillBe"));
  EXPECT_THAT(GraphDot(MakeGraph(contracts_, {})),
              HasSubstr("\"a.v1.All\" -> \"a.v1.Left\" [label=extends"));
  const Document document =
      AsyncApi(contracts_, {"A", "1", ""}, PayloadForm::kJsonSchema);
  const Document* channels = document.Find("channels");
  EXPECT_TRUE(channels->Has("a.v1.Left"));
  EXPECT_FALSE(channels->Has("a.v1.All"));
  const Document* wider = document.Find("x-extending-contracts");
  ASSERT_NE(wider, nullptr);
  ASSERT_TRUE(wider->Has("a.v1.All"));
  EXPECT_EQ(wider->Find("a.v1.All")->Find("events")->elements().size(), 4u);
}

TEST_F(ContractModelTest, ABaseThatIsGoneIsFound) {
  std::string text = kContracts;
  const std::string right = ", \"a.v1.Right\"";
  text.erase(text.find(right), right.size());
  Write("a.proto", text);
  const ContractTree::Ptr now = ValueOrThrow(ContractTree::FromFolder(root_));
  const std::vector<Finding> findings = Compare(*tree_, *now);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].name, "BASE_REMOVED");
  EXPECT_EQ(findings[0].subject, "a.v1.All");
  EXPECT_EQ(findings[0].what, "it no longer extends a.v1.Right");
  EXPECT_TRUE(Compare(*now, *tree_).empty());
}

TEST(DurationTextTest, IsInTheLargestUnitThatIsExact) {
  EXPECT_EQ(DurationText(1), "1ms");
  EXPECT_EQ(DurationText(1500), "1500ms");
  EXPECT_EQ(DurationText(36 * 3600 * 1000), "36h");
  EXPECT_EQ(DurationText(int64_t{7} * 24 * 3600 * 1000), "7d");
  EXPECT_EQ(DurationText(0), "0s");
}

TEST(ParagraphsTest, JoinsLinesOfAParagraphAlone) {
  EXPECT_EQ(Paragraphs(" One\n two.\n\n Three:\n - a\n - b\n   c\n"),
            "One two.\n\nThree:\n- a\n- b\n  c");
  EXPECT_EQ(Paragraphs(""), "");
  EXPECT_EQ(FirstSentence("One, v1.2 of it. Two."), "One, v1.2 of it");
  EXPECT_EQ(FirstSentence("No stop"), "No stop");
}

}  // namespace
}  // namespace millrace::contracts
