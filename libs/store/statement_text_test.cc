#include "store/statement_text.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"

namespace millrace::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

StatementText Parsed(std::string_view sql) {
  auto text = ParseStatement(sql);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? *text : StatementText{{""}, {}};
}

TEST(StatementText, FindsNamesInOrder) {
  EXPECT_THAT(Parsed("SELECT :a, :b_1 FROM t WHERE x = :a").names,
              ElementsAre("a", "b_1", "a"));
}

TEST(StatementText, LeavesQuotesCastsAndAssignmentsAlone) {
  const StatementText text =
      Parsed("SELECT ':no', \":no\", 'it''s :no', x::text, y := 3, :yes::text");
  EXPECT_THAT(text.names, ElementsAre("yes"));
  EXPECT_EQ(ForSqlite(text),
            "SELECT ':no', \":no\", 'it''s :no', x::text, y := 3, :yes::text");
}

TEST(StatementText, DropsComments) {
  const StatementText text =
      Parsed("SELECT 1 -- it's :no\n , :a /* don't :no */ + 1");
  EXPECT_THAT(text.names, ElementsAre("a"));
  EXPECT_EQ(ForSqlite(text), "SELECT 1  \n , :a   + 1");
}

TEST(StatementText, TakesOneStatementOnly) {
  EXPECT_TRUE(ParseStatement("SELECT 1;  -- done\n").ok());
  for (const char* sql : {"", " -- nothing", ";", "SELECT 1; SELECT 2",
                          "SELECT 'open", "SELECT /* open"}) {
    EXPECT_EQ(ParseStatement(sql).status().code(), absl::StatusCode::kInternal)
        << sql;
  }
}

TEST(StatementText, ChecksThatNamesAndValuesMeet) {
  const StatementText text = Parsed("SELECT :a, :b");
  const auto check = [&](const Params& params) {
    return CheckParams(text.names, params);
  };
  EXPECT_TRUE(check({{"a", 1}, {"b", 2}}).ok());
  EXPECT_THAT(MessageOf(check({{"a", 1}})), HasSubstr(":b has no value"));
  EXPECT_THAT(MessageOf(check({{"a", 1}, {"b", 2}, {"c", 3}})),
              HasSubstr(":c"));
}

TEST(StatementText, RefusesWhatOneOfTheDatabasesCannotKeep) {
  const StatementText text = Parsed("SELECT :a");
  const auto check = [&](Value value) {
    return CheckParams(text.names, Params{{"a", std::move(value)}}).code();
  };
  EXPECT_EQ(check("naïve 🙂"), absl::StatusCode::kOk);
  EXPECT_EQ(check(std::string("a\0b", 3)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(check("\xff"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(check("\xc0\xaf"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(check("\xed\xa0\x80"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(check(std::nan("")), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(check(Bytes{std::string("a\0\xff", 3)}), absl::StatusCode::kOk);
}

TEST(StatementText, GivesPostgresTheTypes) {
  const StatementText text = Parsed("SELECT :i+1, :d, :b, :x, :t, :n, :i");
  EXPECT_EQ(ForPostgres(text, Params{{"i", 1},
                                     {"d", 1.5},
                                     {"b", true},
                                     {"x", Bytes{"x"}},
                                     {"t", "text"},
                                     {"n", nullptr}}),
            "SELECT :i::int8+1, :d::float8, :b::bool, :x::bytea, :t, :n, "
            ":i::int8");
}

}  // namespace
}  // namespace millrace::store
