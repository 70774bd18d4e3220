// Every statement of the outbox, the inbox and the embedded log goes by an
// index: beside 100,000 rows that wait and as many that were refused, notes and
// records.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/strings.h"
#include "bus/inbox.h"
#include "bus/local/log_sql.h"
#include "bus/outbox.h"
#include "bus/outbox_sql.h"
#include "loop/combinators.h"
#include "tests/support/database_backend.h"
#include "tests/support/query_plan.h"

namespace millrace::bus {
namespace {

using store::Dialect;
using store::Tx;
using ::testing::IsEmpty;

constexpr int kRows = 100'000;
constexpr int kPartitions = 10;

void Populate(Tx& tx) {
  const bool sqlite = tx.dialect() == Dialect::kSqlite;
  const std::string numbers =
      sqlite
          ? StrCat(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                "FROM n WHERE i < ",
                kRows, ") ")
          : StrCat("WITH n AS (SELECT generate_series(1, ", kRows, ") AS i) ");
  for (const char* refused : {"'too large'", "NULL"}) {
    tx.Execute(
        StrCat("INSERT INTO millrace_outbox (event_id, topic, record_key, "
               "headers, payload, time_ms, refused) ",
               numbers, "SELECT 'e' || i, 't', :none, :none, :bytes, i, ",
               refused, " FROM n"),
        {{"none", store::Bytes{}},
         {"bytes", store::Bytes{std::string(64, 'x')}}});
  }
  tx.Execute(StrCat(
      "INSERT INTO millrace_inbox (consumer, source, event_id, seen_ms) ",
      numbers, "SELECT 'c' || (i % 10), '/s', 'e' || i, i FROM n"));
  local::CreateTopic(tx, {.name = "t", .partitions = kPartitions});
  tx.Execute(StrCat("INSERT INTO millrace_log_records (id, record_key, "
                    "headers, value, time_ms) ",
                    numbers,
                    "SELECT ((i % 10 + 1) * 1099511627776) + i / 10, :none, "
                    ":none, :bytes, i FROM n"),
             {{"none", store::Bytes{}},
              {"bytes", store::Bytes{std::string(64, 'x')}}});
  tx.Execute(
      "UPDATE millrace_log_partitions SET end_offset = 10000, retention_ms = "
      "1");
  tx.Execute(
      StrCat("INSERT INTO millrace_log_offsets (consumer_group, ref, "
             "next_offset) ",
             numbers, "SELECT 'g' || (i / 10), i % 10 + 1, 5 FROM n"));
  for (const char* table : {"millrace_outbox", "millrace_inbox",
                            "millrace_log_records", "millrace_log_offsets"}) {
    tx.Execute(StrCat("ANALYZE ", table));
  }
}

EventEnvelope Event() {
  EventEnvelope event;
  event.id = "new";
  event.source = "/s";
  return event;
}

// What is meant to read all of a table.
bool IsAllRead(Dialect dialect, const std::string& sql) {
  const auto has = [&](const char* part) {
    return sql.find(part) != std::string::npos;
  };
  // Some hundred rows, whatever is in the topics.
  if (has("FROM millrace_log_partitions")) return true;
  // All that waits is counted. PostgreSQL does so from the index once the
  // table has been vacuumed.
  return dialect == Dialect::kPostgres && has("COUNT(*)");
}

std::vector<std::string> StepsOf(Dialect dialect, const std::string& plan) {
  auto steps = millrace::testing::StepsWithoutIndex(dialect, plan);
  // It may well sort the rows of a page that it has found by an index.
  std::erase_if(steps, [&](const std::string& step) {
    return dialect == Dialect::kPostgres && step.find("Sort") != step.npos;
  });
  return steps;
}

using Body = std::function<void(Tx&)>;

// All that they do, in an order in which each finds something.
std::vector<Body> Uses() {
  const local::Range range = {
      .ref = 3, .id = {.topic = "t", .partition = 2}, .from = 50, .to = 9000};
  return {
      [](Tx& tx) { EXPECT_EQ(ReadOutbox(tx, 500, 1 << 20).size(), 500u); },
      [](Tx& tx) { EXPECT_FALSE(OutboxIsEmpty(tx)); },
      [](Tx& tx) { EXPECT_EQ(ReadOutboxBacklog(tx).rows, kRows); },
      [](Tx& tx) { DeleteOutboxRows(tx, {100'007}); },
      [](Tx& tx) { RefuseOutboxRow(tx, 100'008, "why"); },
      [range](Tx& tx) {
        EXPECT_EQ(local::ReadRange(tx, range, 100, 1 << 20).size(), 100u);
      },
      [](Tx& tx) { local::WriteAndDelete(tx); },
      [](Tx& tx) { local::Append(tx, {{.ref = 3, .record = Record()}}); },
      [](Tx& tx) {
        local::StoreOffsets(tx, {{.group = "g7", .ref = 3, .progress = {}}});
      },
      [](Tx& tx) {
        EXPECT_FALSE(
            local::Clean(tx, absl::FromUnixMillis(50'000), 100).begins.empty());
      }};
}

class BusPlanTest
    : public ::testing::TestWithParam<millrace::testing::Backend> {
 protected:
  void SetUp() override {
    const auto url = GetParam().fresh();
    if (!url.ok()) GTEST_SKIP() << url.status().message();
    database_ = ValueOrThrow(store::Database::Open(
        loop_, {.url = *url, .on_statement = watch_.Listener()}, logger_,
        metrics_));
    Settle(database_->Migrate(kOutboxModule, Outbox::Migrations()));
    Settle(database_->Migrate(kInboxModule, Inbox::Migrations()));
    Settle(database_->Migrate("bus_local", local::LogMigrations()));
    Settle(database_->Transact(&Populate));
    watch_.Take();
  }
  void TearDown() override {
    if (database_ != nullptr) Settle(database_->Close());
  }

  template <typename T>
  void Settle(Promise<T> promise) {
    const auto outcome = AsStatusOr(std::move(promise));
    loop_.Run();
    ASSERT_TRUE(outcome.settled());
    const absl::Status status = StatusOf(outcome.value());
    EXPECT_TRUE(status.ok()) << status;
  }

  millrace::testing::StatementWatch watch_;
  EventLoop loop_;
  NullLogger logger_;
  NullMetrics metrics_;
  std::unique_ptr<store::Database> database_;

 private:
  static absl::Status StatusOf(const absl::Status& status) { return status; }
  template <typename T>
  static absl::Status StatusOf(const absl::StatusOr<T>& value) {
    return value.status();
  }
};

TEST_P(BusPlanTest, EveryStatementGoesByAnIndex) {
  for (const Body& use : Uses()) Settle(database_->Transact(use));
  Inbox inbox(*database_, "c7", {.clean_every = 1, .clean_batch = 100});
  Settle(inbox.Once(Event(), [](Tx&) {}));
  const std::vector<millrace::testing::Statement> statements = watch_.Take();
  EXPECT_GT(statements.size(), 15u);
  for (const auto& statement : statements) {
    Settle(database_->Transact([&](Tx& tx) {
      if (IsAllRead(tx.dialect(), statement.sql)) return;
      const std::string plan = millrace::testing::Explain(tx, statement);
      EXPECT_THAT(StepsOf(tx.dialect(), plan), IsEmpty())
          << statement.sql << "\n"
          << plan;
    }));
  }
}

INSTANTIATE_TEST_SUITE_P(
    On, BusPlanTest,
    ::testing::Values(millrace::testing::MILLRACE_TEST_BACKEND()),
    millrace::testing::NameOf);

}  // namespace
}  // namespace millrace::bus
