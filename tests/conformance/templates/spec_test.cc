// The engine against Mustache's official specification, which stands beside
// the project: each module is a test, skipped by name where it is absent.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "tools/millrace/render_spec.h"

namespace millrace::cli {
namespace {

constexpr char kFolder[] = "../shared/data/mustache-spec/";

class Spec : public testing::TestWithParam<const char*> {};

TEST_P(Spec, Module) {
  const std::string path = std::string(kFolder) + GetParam() + ".json";
  std::ifstream file(path);
  if (!file) GTEST_SKIP() << "the Mustache specification is not at " << path;
  const std::string json(std::istreambuf_iterator<char>(file), {});
  std::ostringstream printed;
  const auto result = RunSpec(json, printed);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->failed, 0) << printed.str();
  EXPECT_GT(result->passed, 5);
}

INSTANTIATE_TEST_SUITE_P(
    Mustache, Spec,
    testing::Values("comments", "delimiters", "interpolation", "inverted",
                    "partials", "sections", "~inheritance", "~dynamic-names"),
    [](const auto& info) {
      std::string name = info.param;
      std::erase_if(name, [](char c) { return c == '~' || c == '-'; });
      return name;
    });

// Cases of a file in that form, good and bad.
TEST(RunSpec, PrintsWhatFailsAndCounts) {
  std::ostringstream printed;
  const auto result = RunSpec(R"({"tests": [
    {"name": "Good", "template": "{{a}}", "data": {"a": 1}, "expected": "1"},
    {"name": "Bad", "template": "{{a}}\n", "data": {}, "expected": "x"},
    {"name": "Wrong", "template": "{{#a}}", "data": {}, "expected": ""},
    {"name": "Lambda", "template": "{{a}}", "data": {"a": {"__tag__": "code"}},
     "expected": "world"}
  ]})",
                              printed);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(printed.str(),
            "failed: Bad: expected \"x\", got \"\\n\"\n"
            "failed: Wrong: template:1:1: section 'a' is never closed; add "
            "{{/a}}\n"
            "failed: Lambda: expected \"world\", got \"\"\n"
            "1 passed, 3 failed\n");
}

TEST(RunSpec, RefusesOtherFiles) {
  std::ostringstream printed;
  EXPECT_FALSE(RunSpec("{}", printed).ok());
  EXPECT_FALSE(RunSpec("{", printed).ok());
  EXPECT_EQ(printed.str(), "");
}

}  // namespace
}  // namespace millrace::cli
