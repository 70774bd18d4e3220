#include "tools/millrace/scaffold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/strings.h"

namespace millrace::cli {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;
using ::testing::HasSubstr;
using ::testing::Not;

ServiceName Named(std::string_view name, std::string_view singular = "") {
  const auto parsed = ParseServiceName(name, singular);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.value_or(ServiceName());
}

TEST(ServiceNameTest, HasAllForms) {
  for (const char* name : {"purchase_orders", "purchase-orders"}) {
    const ServiceName parsed = Named(name);
    EXPECT_EQ(parsed.plural, "purchase_orders");
    EXPECT_EQ(parsed.singular, "purchase_order");
    EXPECT_EQ(parsed.plural_type, "PurchaseOrders");
    EXPECT_EQ(parsed.singular_type, "PurchaseOrder");
  }
}

TEST(ServiceNameTest, KnowsWhatOneIs) {
  EXPECT_EQ(Named("orders").singular, "order");
  EXPECT_EQ(Named("categories").singular, "category");
  EXPECT_EQ(Named("boxes").singular, "box");
  EXPECT_EQ(Named("branches").singular, "branch");
  EXPECT_EQ(Named("addresses").singular, "address");
  EXPECT_EQ(Named("invoices").singular, "invoice");
  const std::pair<const char*, const char*> kWords[] = {
      {"warehouses", "warehouse"}, {"houses", "house"},
      {"clauses", "clause"},       {"caches", "cache"},
      {"niches", "niche"},         {"batches", "batch"},
      {"lunches", "lunch"},        {"searches", "search"},
      {"coaches", "coach"},        {"movies", "movie"},
      {"cookies", "cookie"},       {"hot_pies", "hot_pie"},
      {"heroes", "hero"},          {"canoes", "canoe"},
      {"statuses", "status"},      {"viruses", "virus"},
      {"excuses", "excuse"},       {"aliases", "alias"},
      {"databases", "database"},   {"taxes", "tax"},
      {"dishes", "dish"},          {"nurseries", "nursery"},
      {"quizzes", "quiz"}};
  for (const auto& [many, one] : kWords) {
    EXPECT_EQ(Named(many).singular, one);
  }
  EXPECT_EQ(Named("people", "person").singular, "person");
  EXPECT_EQ(Named("stock-movies", "stock-movie").singular_type, "StockMovie");
}

struct Refusal {
  std::string name;
  std::string singular;
  std::string words;
};

TEST(ServiceNameTest, SaysWhatIsWrongAndWhatToWrite) {
  const Refusal kRefusals[] = {
      {"", "", "is empty"},
      {"PurchaseOrders", "", "as in purchase_orders"},
      {"purchase orders", "", "as in purchase_orders"},
      {"purchase__orders", "", "as in purchase_orders"},
      {"orders-", "", "as in orders"},
      {"2orders", "", "begins with a letter"},
      {"../orders", "", "words of a-z and 0-9"},
      {"\xC3\xA9", "", "words of a-z and 0-9"},
      {std::string(41, 's'), "", "41 characters long; 40 is the most"},
      {"order", "", "write orders, or say by --singular"},
      {"address", "", "write addresses"},
      {"people", "", "--singular"},
      {"series", "", "for one and for many; say by --singular"},
      {"time_series", "", "for one and for many; say by --singular"},
      {"orders_service", "", "write orders"},
      {"users", "", "a part of the platform"},
      {"tokens", "", "a part of the platform"},
      {"classes", "", "'class' is a word of C++"},
      {"requests", "", "as in customer_requests"},
      {"sheep", "sheep", "one and many need different words"},
      {"people", "Person", "the singular 'Person'"},
      {"people", "class", "a word of C++"},
  };
  for (const Refusal& refusal : kRefusals) {
    const auto parsed = ParseServiceName(refusal.name, refusal.singular);
    EXPECT_EQ(parsed.status().code(), StatusCode::kInvalidArgument)
        << refusal.name;
    EXPECT_THAT(std::string(parsed.status().message()),
                HasSubstr(refusal.words));
  }
}

TEST(ScaffoldTest, HasItsNameEverywhere) {
  const auto files = FillTemplate(Named("purchase-orders"));
  EXPECT_EQ(files.size(), TemplateFiles().size());
  std::set<std::string> paths;
  for (const ScaffoldFile& file : files) {
    paths.insert(file.path);
    EXPECT_THAT(absl::AsciiStrToLower(file.path), Not(HasSubstr("parcel")));
    EXPECT_THAT(absl::AsciiStrToLower(file.text), Not(HasSubstr("parcel")))
        << file.path;
  }
  EXPECT_EQ(paths.size(), files.size());
  EXPECT_EQ(paths.count("services/purchase_orders/module.cc"), 1u);
  EXPECT_EQ(paths.count("proto/purchase_orders/v1/purchase_orders.proto"), 1u);
}

TEST(ScaffoldTest, UnderItsOwnNameItIsTheTemplate) {
  const auto files = FillTemplate(Named("parcels"));
  const auto templates = TemplateFiles();
  ASSERT_EQ(files.size(), templates.size());
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(files[i].path, templates[i].path);
    EXPECT_EQ(files[i].text, templates[i].text);
  }
}

// Two services of one program cannot have one number, and the platform has
// those below 20000 for itself.
TEST(ScaffoldTest, TheNumberOfItsSettingsIsItsOwn) {
  std::set<std::string> numbers;
  for (const char* name : {"orders", "invoices", "purchase_orders"}) {
    for (const ScaffoldFile& file : FillTemplate(Named(name))) {
      if (!absl::EndsWith(file.path, "settings.proto")) continue;
      const std::string at = StrCat(" ", Named(name).plural, " = ");
      const size_t begin = file.text.find(at) + at.size();
      const std::string number =
          file.text.substr(begin, file.text.find(';', begin) - begin);
      EXPECT_GE(std::stoll(number), 20'000);
      EXPECT_LE(std::stoll(number), 536'870'911);
      numbers.insert(number);
    }
  }
  EXPECT_EQ(numbers.size(), 3u);
}

class WriteScaffoldTest : public ::testing::Test {
 protected:
  WriteScaffoldTest()
      : folder_(fs::temp_directory_path() /
                StrCat("millrace-scaffold-", ::getpid())) {}
  ~WriteScaffoldTest() override { fs::remove_all(folder_); }

  absl::Status Write() { return WriteScaffold(Named("orders"), folder_); }

  const fs::path folder_;
};

TEST_F(WriteScaffoldTest, WritesEveryFile) {
  fs::create_directories(folder_);  // an empty one is as good as none
  ASSERT_EQ(Write(), absl::OkStatus());
  for (const ScaffoldFile& expected : FillTemplate(Named("orders"))) {
    std::ifstream file(folder_ / expected.path, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}),
              expected.text)
        << expected.path;
  }
}

TEST_F(WriteScaffoldTest, LeavesWhatIsThere) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "notes.txt") << "mine";
  const absl::Status status = Write();
  EXPECT_EQ(status.code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(status.message()), HasSubstr("is not empty"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(WriteScaffoldTest, IsToldOfAFileInItsPlace) {
  std::ofstream(folder_) << "mine";
  const absl::Status status = Write();
  EXPECT_EQ(status.code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(status.message()), HasSubstr("is no folder"));
}

}  // namespace
}  // namespace millrace::cli
