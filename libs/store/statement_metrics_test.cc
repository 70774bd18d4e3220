#include "store/statement_metrics.h"

#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/strings.h"
#include "store/statement_tally.h"

namespace millrace::store {
namespace {

std::string NameOf(std::string_view sql) {
  return StatementName(ValueOrThrow(ParseStatement(sql)));
}

TEST(StatementName, IsWhatItDoesToWhichTableByWhichColumns) {
  EXPECT_EQ(NameOf("SELECT id, email FROM people WHERE email = :e AND "
                   "delete_time IS NULL"),
            "SELECT people by email");
  EXPECT_EQ(NameOf("SELECT a FROM t"), "SELECT t");
  EXPECT_EQ(NameOf("SELECT 1"), "SELECT");
  EXPECT_EQ(NameOf("INSERT INTO t (a) VALUES (:a) ON CONFLICT (a) DO UPDATE "
                   "SET b = :b WHERE t.a < :a"),
            "INSERT t");
  EXPECT_EQ(NameOf("update t SET a = :a WHERE id = :id AND revision=:revision"),
            "UPDATE t by id, revision");
  EXPECT_EQ(NameOf("DELETE FROM sessions WHERE expire_time <= :now"),
            "DELETE sessions by expire_time");
  EXPECT_EQ(NameOf("BEGIN IMMEDIATE"), "BEGIN");
}

TEST(StatementName, NamesAColumnOnceAndNoBound) {
  EXPECT_EQ(NameOf("SELECT a FROM t WHERE a >= :from AND a < :to AND id > "
                   ":after ORDER BY a LIMIT :limit"),
            "SELECT t by a, id");
}

TEST(StatementName, NamesAListByItsParameter) {
  EXPECT_EQ(NameOf("SELECT a FROM t WHERE id = ANY(string_to_array(:ids, ','))"
                   " AND (a, id) > (:a, :after)"),
            "SELECT t by ids, id, after");
}

TEST(StatementName, HasNoLiteral) {
  EXPECT_EQ(NameOf("SELECT 'FROM secret' FROM t WHERE a = 'WHERE x' || :x AND "
                   "b = 7"),
            "SELECT t by x");
  EXPECT_EQ(NameOf("SELECT b FROM (SELECT a AS b FROM t WHERE a = :a) AS s"),
            "SELECT t by a");
}

TEST(StatementMetricsTest, CountsRunsAndFailures) {
  StatementTally tally;
  StatementMetrics metrics(tally, "d");
  const StatementMeter& meter =
      metrics.Of(ValueOrThrow(ParseStatement("SELECT a FROM t WHERE b = :b")));
  { const MeteredRun run(meter); }
  try {
    const MeteredRun run(meter);
    throw std::runtime_error("fails");
  } catch (const std::runtime_error&) {
    // As it is counted while another exception is on its way.
    const MeteredRun run(meter);
  }
  EXPECT_EQ(tally.Runs("d", "SELECT t by b"), 3);
  EXPECT_EQ(tally.Errors("d", "SELECT t by b"), 1);
}

TEST(StatementMetricsTest, HasABoundOnNames) {
  StatementTally tally;
  StatementMetrics metrics(tally, "d");
  for (size_t i = 0; i < 2 * StatementMetrics::kMostNames; ++i) {
    metrics.Of(ValueOrThrow(ParseStatement(StrCat("SELECT a FROM t", i))));
  }
  EXPECT_EQ(tally.size(), 2 * (StatementMetrics::kMostNames + 1));
  EXPECT_EQ(&metrics.Of(ValueOrThrow(ParseStatement("SELECT a FROM t999"))),
            &metrics.Of(ValueOrThrow(ParseStatement("SELECT a FROM t998"))));
}

}  // namespace
}  // namespace millrace::store
