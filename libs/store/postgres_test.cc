// The suite on a real PostgreSQL, and what only a server does. One server for
// the program; each test has a database of its own in it.
#include <condition_variable>
#include <mutex>

#include <gmock/gmock.h>

#include "base/strings.h"
#include "store/database_suite.h"
#include "tests/support/postgres_server.h"

namespace millrace::store {
namespace {

using millrace::testing::PostgresServer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const testing::Backend kBackend = testing::PostgresBackend();

INSTANTIATE_TEST_SUITE_P(Postgres, DatabaseSuite, ::testing::Values(kBackend),
                         testing::NameOf);

class PostgresTest : public DatabaseTest {
 protected:
  void SetUp() override {
    auto url = kBackend.fresh();
    if (!url.ok()) GTEST_SKIP() << url.status().message();
    url_ = *url;
    server_ = *testing::SharedPostgres();
  }

  std::string url_;
  PostgresServer* server_ = nullptr;
};

const std::vector<Migration> kTables = {
    {1, "init",
     "CREATE TABLE doctors (name TEXT PRIMARY KEY, on_call BOOLEAN NOT NULL);"
     "INSERT INTO doctors VALUES ('ann', TRUE), ('bob', TRUE);"}};

TEST_F(DatabaseTest, OpensWithoutAServer) {
  const auto database = Open("postgresql://ann:hunter2@127.0.0.1:1/clinic");
  const absl::Status status = Settle(database->Ping());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(MessageOf(status),
              AllOf(HasSubstr("postgresql://127.0.0.1:1/clinic"),
                    HasSubstr("refused"), Not(HasSubstr("hunter2"))));
}

Promise<void> SurvivesACrash(Database& database, PostgresServer& server) {
  co_await database.Migrate("test", kTables);
  // One transaction is in flight while the server dies.
  const absl::Status cut =
      co_await Outcome(database.Transact([&server](Tx& tx) {
        tx.Execute("UPDATE doctors SET on_call = FALSE WHERE name = 'ann'");
        server.Kill9();
        tx.Execute("UPDATE doctors SET on_call = FALSE WHERE name = 'bob'");
      }));
  EXPECT_EQ(cut.code(), absl::StatusCode::kUnavailable) << cut;
  for (int i = 0; i < 10; ++i) {
    const absl::Status away = co_await Outcome(database.Ping());
    EXPECT_EQ(away.code(), absl::StatusCode::kUnavailable) << away;
    EXPECT_THAT(MessageOf(away),
                AllOf(HasSubstr(database.name()), HasSubstr("away")));
  }
  EXPECT_EQ(server.Restart(), absl::OkStatus());
  const int64_t on_call = co_await database.Transact([](Tx& tx) {
    return tx.QueryOne("SELECT count(*) AS n FROM doctors WHERE on_call")
        ->Int("n");
  });
  EXPECT_EQ(on_call, 2);
  co_await database.Close();
}
TEST_F(PostgresTest, SurvivesACrash) {
  const auto database = Open(url_);
  EXPECT_EQ(Settle(SurvivesACrash(*database, *server_)), absl::OkStatus());
}

// Connections that died while nobody used them are replaced in silence.
Promise<void> ReplacesDeadConnections(Database& database, Database& killer) {
  for (int round = 0; round < 3; ++round) {
    co_await database.Ping();
    const int64_t ended = co_await killer.Transact([](Tx& tx) {
      return tx
          .QueryOne(
              "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) "
              "AS n FROM pg_stat_activity WHERE datname = "
              "current_database() AND pid <> pg_backend_pid()")
          ->Int("n");
    });
    EXPECT_GT(ended, 0);
    const absl::Status status = co_await Outcome(
        round == 0 ? database.Ping() : database.Transact([](Tx& tx) {
          tx.Execute("CREATE TABLE IF NOT EXISTS seen (id BIGINT)");
        }));
    EXPECT_EQ(status, absl::OkStatus());
  }
  co_await database.Close();
  co_await killer.Close();
}
TEST_F(PostgresTest, ReplacesDeadConnections) {
  const auto database = Open(url_, {.pool_size = 1});
  const auto killer = Open(url_, {.pool_size = 1});
  EXPECT_EQ(Settle(ReplacesDeadConnections(*database, *killer)),
            absl::OkStatus());
}

// As after a failover: the server is there, and has become a standby.
Promise<void> WaitsWhileNothingMayBeWritten(Database& database,
                                            Database& admin) {
  co_await database.Migrate("test", kTables);
  const auto write = [](Tx& tx) {
    tx.Execute("UPDATE doctors SET on_call = FALSE");
  };
  const std::string name = co_await database.Transact([](Tx& tx) {
    tx.Script("SET default_transaction_read_only = on");
    return tx.QueryOne("SELECT current_database() AS name")->Text("name");
  });
  const auto set = [name](const std::string& what) {
    return [sql = StrCat("ALTER DATABASE ", name, " ", what)](Tx& tx) {
      tx.Script(sql);
    };
  };
  co_await admin.Transact(set("SET default_transaction_read_only = on"));
  // On the connection that there was, and on new ones.
  for (int i = 0; i < 3; ++i) {
    const absl::Status status = co_await Outcome(database.Transact(write));
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_THAT(MessageOf(status),
                AllOf(HasSubstr(database.name()), HasSubstr("read-only")));
  }
  co_await admin.Transact(set("RESET default_transaction_read_only"));
  co_await database.Transact(write);
  co_await database.Close();
  co_await admin.Close();
}
TEST_F(PostgresTest, WaitsWhileNothingMayBeWritten) {
  const auto database = Open(url_, {.pool_size = 1});
  const auto admin = Open(server_->url());
  EXPECT_EQ(Settle(WaitsWhileNothingMayBeWritten(*database, *admin)),
            absl::OkStatus());
}

// What is set of one transaction on a connection does not hold the next one up.
Promise<void> TimeoutsFollowDeadlines(Database& database) {
  const auto timeout = [](Tx& tx) {
    return tx.QueryOne("SHOW statement_timeout")->Text("statement_timeout");
  };
  CallContext hurried;
  hurried.deadline = absl::Now() + absl::Seconds(100);
  for (int round = 0; round < 3; ++round) {
    EXPECT_NE(co_await database.Read(hurried, timeout), "0");
    EXPECT_EQ(co_await database.Read(timeout), "0");
    // With it goes what was set in it.
    const absl::Status undone =
        co_await Outcome(database.Transact(hurried, [&](Tx& tx) {
          EXPECT_NE(timeout(tx), "0");
          tx.Query("SELECT 1 / 0");
        }));
    EXPECT_FALSE(undone.ok());
    EXPECT_EQ(co_await database.Transact(timeout), "0");
    // One that does nothing.
    co_await database.Transact(hurried, [](Tx&) {});
    EXPECT_EQ(co_await database.Read(timeout), "0");
    EXPECT_NE(co_await database.Transact(hurried, timeout), "0");
  }
  co_await database.Close();
}
TEST_F(PostgresTest, TimeoutsFollowDeadlines) {
  const auto database = Open(url_, {.pool_size = 1});
  EXPECT_EQ(Settle(TimeoutsFollowDeadlines(*database)), absl::OkStatus());
}

// Lets two threads go on together, the first time that both arrive.
class Meeting {
 public:
  void Attend() {
    std::unique_lock lock(mutex_);
    if (++arrived_ > 2) return;
    all_.notify_all();
    all_.wait(lock, [&] { return arrived_ >= 2; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_;
  int arrived_ = 0;
};

void LeaveIfAnotherStays(Tx& tx, Meeting& meeting, const std::string& name) {
  const Row row =
      *tx.QueryOne("SELECT count(*) AS n FROM doctors WHERE on_call");
  meeting.Attend();
  if (row.Int("n") < 2) Throw(absl::FailedPreconditionError("the last one"));
  tx.Execute("UPDATE doctors SET on_call = FALSE WHERE name = :name",
             {{"name", name}});
}

// The anomaly that REPEATABLE READ lets through: both read before either
// writes, and their writes do not touch.
Promise<void> IsSerializable(Database& database) {
  co_await database.Migrate("test", kTables);
  Meeting meeting;
  Outcomes doctors;
  for (const char* name : {"ann", "bob"}) {
    doctors.push_back(Outcome(database.Transact(
        [&meeting, name](Tx& tx) { LeaveIfAnotherStays(tx, meeting, name); })));
  }
  int left = 0;
  for (auto& doctor : doctors) {
    const absl::Status status = co_await std::move(doctor);
    left += status.ok() ? 1 : 0;
    EXPECT_TRUE(status.ok() || absl::IsFailedPrecondition(status)) << status;
  }
  EXPECT_EQ(left, 1);
  co_await database.Close();
}
TEST_F(PostgresTest, IsSerializable) {
  const auto database = Open(url_, {.pool_size = 2});
  EXPECT_EQ(Settle(IsSerializable(*database)), absl::OkStatus());
}

// A statement prepared before a migration elsewhere works after it.
Promise<void> OutlivesItsPlans(Database& database, Database& other) {
  co_await database.Migrate("test", kTables);
  const auto read = [](Tx& tx) { return tx.Query("SELECT * FROM doctors"); };
  EXPECT_EQ((co_await database.Read(read))[0].columns().size(), 2u);
  std::vector<Migration> more = kTables;
  more.push_back({2, "ward", "ALTER TABLE doctors ADD ward TEXT"});
  co_await other.Migrate("test", more);
  EXPECT_EQ((co_await database.Read(read))[0].columns().size(), 3u);
  co_await database.Close();
  co_await other.Close();
}
TEST_F(PostgresTest, OutlivesItsPlans) {
  const auto database = Open(url_, {.pool_size = 1});
  const auto other = Open(url_, {.pool_size = 1});
  EXPECT_EQ(Settle(OutlivesItsPlans(*database, *other)), absl::OkStatus());
}

// Text parameters take the type of the column they meet.
Promise<void> TakesNativeColumns(Database& database) {
  const Row row = co_await database.Transact([](Tx& tx) {
    tx.Script("CREATE TABLE native (id UUID, at TIMESTAMPTZ, doc JSONB)");
    tx.Execute("INSERT INTO native VALUES (:id, :at, :doc)",
               {{"id", "0190a5c4-8d2e-7c3a-9f00-0123456789ab"},
                {"at", "2024-02-29 12:00:00+00"},
                {"doc", "{\"a\": 1}"}});
    return *tx.QueryOne(
        "SELECT id, doc ->> 'a' AS a FROM native "
        "WHERE at < now()");
  });
  EXPECT_EQ(row.Text("id"), "0190a5c4-8d2e-7c3a-9f00-0123456789ab");
  EXPECT_EQ(row.Text("a"), "1");
  co_await database.Close();
}
TEST_F(PostgresTest, TakesNativeColumns) {
  const auto database = Open(url_);
  EXPECT_EQ(Settle(TakesNativeColumns(*database)), absl::OkStatus());
}

}  // namespace
}  // namespace millrace::store
