#include "contract/json_check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/strings.h"

namespace millrace {
namespace {

std::string ErrorOf(std::string_view text, const JsonRules& rules = {}) {
  return std::string(CheckJson(text, rules).message());
}

TEST(CheckJson, TakesEveryKindOfValue) {
  for (const std::string_view text :
       {"null", " true ", "false", "0", "-0", "-1.5e+10", "1E9", "\"\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", "[]", "[ 1 , [ ] ]", "{}",
        "{\"a\":{\"b\":[1,2]}}", "\"\\ud83d\\ude00\""}) {
    EXPECT_EQ(ErrorOf(text), "") << text;
  }
}

TEST(CheckJson, SaysWhereAndWhat) {
  const struct {
    std::string_view text, error;
  } cases[] = {
      {"", "line 1, column 1: expected a value, found end of the text"},
      {"{'a': 1}",
       "line 1, column 2: expected a key in double quotes, found single quote"},
      {"[1,\n 2,\n]", "line 3, column 1: expected a value, found ']'"},
      {"{\"a\" 1}", "line 1, column 6: expected ':', found '1'"},
      {"{\"a\": 1 \"b\": 2}",
       "line 1, column 9: expected ',' or '}', found '\"'"},
      {"[1 2]", "line 1, column 4: expected ',' or ']', found '2'"},
      {"tru", "line 1, column 1: expected a value, found 't'"},
      {"01", "line 1, column 1: a number has no leading zeros"},
      {"1.", "line 1, column 3: expected a digit, found end of the text"},
      {"-", "line 1, column 2: expected a digit, found end of the text"},
      {"1e", "line 1, column 3: expected a digit, found end of the text"},
      {"+1", "line 1, column 1: expected a value, found '+'"},
      {"\"a", "line 1, column 1: the string has no end"},
      {"\"\\x\"",
       "line 1, column 2: no such escape; a backslash is written '\\\\'"},
      {"\"\\u12\"",
       "line 1, column 6: expected four hexadecimal digits, found '\"'"},
      {"\"a\tb\"",
       "line 1, column 3: a control character (byte 0x09) must be written as "
       "an escape"},
      {"\"\\ud800\"", "line 1, column 2: a surrogate without its other half"},
      {"\"\\udc00\"", "line 1, column 2: a surrogate without its other half"},
      {"\"\\ud800\\u0041\"",
       "line 1, column 2: a surrogate without its other half"},
      {"1 2", "line 1, column 3: unexpected '2' behind the value"},
      {"\"\u00e9\u20ac\" x",
       "line 1, column 6: unexpected 'x' behind the value"},
      {"\"\xc3\"", "line 1, column 2: the text is not valid UTF-8"},
      {"\"\xc0\x80\"", "line 1, column 2: the text is not valid UTF-8"},
      {"\"\xed\xa0\x80\"", "line 1, column 2: the text is not valid UTF-8"},
      {"\"\xf4\x90\x80\x80\"", "line 1, column 2: the text is not valid UTF-8"},
      {"\xef\xbb\xbf{}", "line 1, column 1: expected a value, found byte 0xEF"},
      {"{\"a\":1,\"b\":{\"a\":1},\"\\u0061\":2}",
       "line 1, column 20: the key 'a' is there twice"},
      {"\"\\u0000\"", "line 1, column 2: NUL (\\u0000) is not accepted"},
  };
  for (const auto& c : cases) EXPECT_EQ(ErrorOf(c.text), c.error) << c.text;
}

TEST(CheckJson, RefusesRawNul) {
  EXPECT_EQ(ErrorOf(std::string_view("\"a\0b\"", 5)),
            "line 1, column 3: a control character (byte 0x00) must be written "
            "as an escape");
  EXPECT_EQ(ErrorOf(std::string_view("1\0", 2)),
            "line 1, column 2: unexpected byte 0x00 behind the value");
}

TEST(CheckJson, DepthHasABound) {
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  EXPECT_EQ(ErrorOf(deep), "");
  EXPECT_EQ(ErrorOf("[" + deep + "]"),
            "line 1, column 101: nested deeper than 100");
  EXPECT_EQ(ErrorOf(std::string(1000000, '[')),
            "line 1, column 101: nested deeper than 100");
  std::string objects;
  for (int i = 0; i < 1000; ++i) objects += "{\"a\":";
  EXPECT_EQ(ErrorOf(objects), "line 1, column 501: nested deeper than 100");
}

TEST(CheckJson, TheProfileOfTheRfcIsWider) {
  const JsonRules rfc = {.allow_duplicate_keys = true, .allow_nul = true};
  EXPECT_EQ(ErrorOf("{\"a\":\"\\u0000\",\"a\":1}", rfc), "");
}

// https://github.com/nst/JSONTestSuite: y_ must be taken, n_ must be refused,
// i_ is for the reader to decide.
TEST(JsonTestSuite, IsAnswered) {
  const std::filesystem::path folder =
      "../shared/data/JSONTestSuite/test_parsing";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "JSONTestSuite is not at " << folder
                 << " (relative to the source)";
  }
  const JsonRules rfc = {.allow_duplicate_keys = true, .allow_nul = true};
  int taken = 0;
  int refused = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    std::stringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const absl::Status status = CheckJson(text.str(), rfc);
    if (name[0] == 'y') {
      EXPECT_TRUE(status.ok()) << name << ": " << status;
      ++taken;
    } else if (name[0] == 'n') {
      EXPECT_FALSE(status.ok()) << name;
      ++refused;
      // What the RFC refuses, the stricter profile refuses, too.
      EXPECT_FALSE(CheckJson(text.str()).ok()) << name;
    }
  }
  EXPECT_GT(taken, 90);
  EXPECT_GT(refused, 180);
}

}  // namespace
}  // namespace millrace
