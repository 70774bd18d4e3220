// The parser against the fixtures of llhttp, Node's parser. Where the two
// differ by choice, testdata/llhttp_differences.txt names the fixture and the
// reason; a line there that no longer differs fails.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/strings.h"
#include "http/llhttp_fixture.h"
#include "http/parser.h"

namespace millrace::http {
namespace {

constexpr const char* kFixtures = "../shared/data/llhttp/test/request";
constexpr const char* kDifferences =
    "libs/http/testdata/llhttp_differences.txt";

// Some of llhttp's refusals come here a few bytes later, with a line's end.
constexpr std::string_view kMore = "\r\n\r\nX\r\n\r\n";

// What our parser makes of the bytes, in the fixture's terms.
Fixture ParseAll(std::string_view input, size_t piece, bool with_more) {
  ParserLimits limits;
  RequestParser parser(limits, /*require_host=*/false);
  Fixture got;
  std::string buffer;
  while (!got.fails && (!input.empty() || !buffer.empty())) {
    buffer += input.substr(0, piece);
    input.remove_prefix(std::min(piece, input.size()));
    const size_t used = parser.Feed(buffer);
    buffer.erase(0, used);
    got.fails = parser.failed();
    if (parser.done()) {
      FixtureMessage message;
      message.method = parser.head().method;
      message.target = parser.head().target;
      for (const auto [name, value] : parser.head().headers) {
        message.fields.emplace_back(name, value);
      }
      message.body = parser.body();
      message.complete = true;
      got.messages.push_back(std::move(message));
      parser.Reset();
    } else if (input.empty()) {
      break;
    }
  }
  if (with_more && !got.fails && parser.started()) {
    buffer += kMore;
    parser.Feed(buffer);
    got.fails = parser.failed();
  }
  return got;
}

// Fixtures keep spaces at a value's end; and their trailers are fields.
FixtureMessage Normal(FixtureMessage message, size_t fields) {
  if (message.fields.size() > fields) message.fields.resize(fields);
  for (auto& [name, value] : message.fields) value = std::string(Trim(value));
  return message;
}

// Empty when the two agree.
std::string Compare(const Fixture& want, const Fixture& got) {
  if (want.fails != got.fails) {
    return want.fails ? "should be refused" : "should not be refused";
  }
  size_t complete = 0;
  for (const FixtureMessage& message : want.messages) {
    if (!message.complete) continue;
    if (complete == got.messages.size()) return "too few requests";
    const FixtureMessage& ours = got.messages[complete++];
    if (Normal(message, ours.fields.size()) != ours) {
      return StrCat("request ", complete, " differs: ", ours.method, " ",
                    ours.target, ", body \"", ours.body, "\"");
    }
  }
  return complete == got.messages.size() ? "" : "too many requests";
}

std::map<std::string, std::string> ReadDifferences() {
  std::map<std::string, std::string> differences;
  std::ifstream file(kDifferences);
  EXPECT_TRUE(file.is_open()) << kDifferences;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t bar = line.find(" | ");
    EXPECT_NE(bar, std::string::npos) << line;
    if (bar == std::string::npos) continue;
    differences[line.substr(0, bar)] = line.substr(bar + 3);
  }
  return differences;
}

TEST(LlhttpFixturesTest, AgreeExceptWhereListed) {
  if (!std::filesystem::exists(kFixtures)) {
    GTEST_SKIP() << "llhttp fixtures are not at " << kFixtures;
  }
  std::map<std::string, std::string> differences = ReadDifferences();
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFixtures)) {
    for (const Fixture& fixture : ReadFixtures(entry.path().string())) {
      // The others say what a lenient parser may do, or pause one.
      if (fixture.type != "request" && fixture.type != "request-finish") {
        continue;
      }
      ++compared;
      std::string why;
      for (const size_t piece : {std::string::npos, size_t{1}, size_t{5}}) {
        if (!why.empty()) break;
        why = Compare(fixture, ParseAll(fixture.input, piece, fixture.fails));
      }
      const auto known = differences.find(fixture.name);
      if (known == differences.end()) {
        EXPECT_EQ(why, "") << fixture.name << "\n" << fixture.input;
      } else {
        EXPECT_NE(why, "") << "no longer differs: " << fixture.name;
        differences.erase(known);
      }
    }
  }
  EXPECT_GE(compared, 100);
  for (const auto& [name, reason] : differences) {
    if (name.starts_with("taken: ")) continue;
    ADD_FAILURE() << kDifferences << " names no fixture: " << name;
  }
}

// What llhttp takes only when it is told to be lenient is refused here.
TEST(LlhttpFixturesTest, LenientInputIsNotTaken) {
  if (!std::filesystem::exists(kFixtures)) {
    GTEST_SKIP() << "llhttp fixtures are not at " << kFixtures;
  }
  const std::map<std::string, std::string> differences = ReadDifferences();
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFixtures)) {
    for (const Fixture& fixture : ReadFixtures(entry.path().string())) {
      if (!fixture.type.starts_with("request-lenient")) continue;
      ++compared;
      const bool taken =
          !ParseAll(fixture.input, std::string::npos, true).fails;
      EXPECT_EQ(taken, differences.contains("taken: " + fixture.name))
          << fixture.name << "\n"
          << fixture.input;
    }
  }
  EXPECT_GE(compared, 20);
}

}  // namespace
}  // namespace millrace::http
