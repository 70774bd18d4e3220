// Migrations, on every database.
#include <gmock/gmock.h>

#include "base/strings.h"
#include "store/database_suite.h"
#include "store/migrator.h"

namespace millrace::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::vector<Migration> Versions(int count) {
  std::vector<Migration> all;
  for (int i = 1; i <= count; ++i) {
    // Two statements each: a script, not a statement.
    all.push_back({i, StrCat("step", i),
                   StrCat("CREATE TABLE t", i, " (x TEXT);\n", "INSERT INTO t",
                          i, " VALUES ('once');")});
  }
  return all;
}

Promise<int64_t> CountIn(Database& database, std::string table) {
  co_return co_await database.Read([&](Tx& tx) {
    return tx.QueryOne(StrCat("SELECT count(*) AS n FROM ", table))->Int("n");
  });
}

Promise<void> AppliesEachOnce(Database& database) {
  co_await database.Migrate("test", Versions(2));
  co_await database.Migrate("test", Versions(2));
  co_await database.Migrate("test", Versions(3));
  EXPECT_EQ(co_await CountIn(database, "t1"), 1);
  EXPECT_EQ(co_await CountIn(database, "t3"), 1);
  EXPECT_EQ(co_await CountIn(database, "millrace_migrations"), 3);
  // Modules count for themselves.
  const std::vector<Migration> own = {{1, "own", "CREATE TABLE own (x TEXT)"}};
  co_await database.Migrate("other", own);
  EXPECT_EQ(co_await CountIn(database, "millrace_migrations"), 4);
}
TEST_P(DatabaseSuite, AppliesEachOnce) { On(AppliesEachOnce); }

// The versions that Migrate() would apply, in words that GCC 12 takes in a
// coroutine.
Promise<std::string> PendingIn(Database& database, int count) {
  const std::vector<Migration> pending = co_await database.Read(
      [&](Tx& tx) { return PendingMigrations(tx, "test", Versions(count)); });
  std::string versions;
  for (const Migration& migration : pending) {
    StrAppend(&versions, migration.version, " ");
  }
  co_return versions;
}

Promise<void> TellsWhatIsPending(Database& database) {
  EXPECT_EQ(co_await PendingIn(database, 2), "1 2 ");
  EXPECT_EQ(co_await PendingIn(database, 2), "1 2 ");
  co_await database.Migrate("test", Versions(2));
  EXPECT_EQ(co_await PendingIn(database, 2), "");
  EXPECT_EQ(co_await PendingIn(database, 4), "3 4 ");
  const absl::Status status = co_await Outcome(PendingIn(database, 1));
  EXPECT_THAT(MessageOf(status), HasSubstr("newer program"));
}
TEST_P(DatabaseSuite, TellsWhatIsPending) { On(TellsWhatIsPending); }

Promise<void> RefusesWhatDoesNotFit(Database& database) {
  co_await database.Migrate("test", Versions(2));
  absl::Status status = co_await Outcome(database.Migrate("test", Versions(1)));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(MessageOf(status),
              AllOf(HasSubstr("module test"), HasSubstr("newer program")));
  std::vector<Migration> changed = Versions(3);
  changed[0].sql += " -- edited";
  status = co_await Outcome(database.Migrate("test", changed));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(MessageOf(status), HasSubstr("was changed"));
}
TEST_P(DatabaseSuite, RefusesWhatDoesNotFit) { On(RefusesWhatDoesNotFit); }

Promise<void> UndoesWhatFails(Database& database) {
  std::vector<Migration> broken = Versions(2);
  broken[1].sql += "INSERT INTO nowhere VALUES (1);";
  absl::Status status = co_await Outcome(database.Migrate("test", broken));
  EXPECT_THAT(MessageOf(status),
              AllOf(HasSubstr("migration 2 (step2) of module test"),
                    HasSubstr("nowhere")));
  EXPECT_EQ(co_await CountIn(database, "millrace_migrations"), 1);
  co_await database.Migrate("test", Versions(2));
  EXPECT_EQ(co_await CountIn(database, "t2"), 1);
  broken = Versions(3);
  broken[2].sql += "COMMIT;";
  status = co_await Outcome(database.Migrate("test", broken));
  EXPECT_THAT(MessageOf(status), HasSubstr("ended its transaction"));
}
TEST_P(DatabaseSuite, UndoesWhatFails) { On(UndoesWhatFails); }

Promise<void> MigratesAtOnce(Database& database, Database& other) {
  Outcomes race;
  for (int i = 0; i < 6; ++i) {
    Database& target = i % 2 == 0 ? database : other;
    race.push_back(Outcome(target.Migrate("test", Versions(8))));
  }
  for (auto& racer : race) {
    const absl::Status status = co_await std::move(racer);
    EXPECT_EQ(status, absl::OkStatus());
  }
  EXPECT_EQ(co_await CountIn(database, "millrace_migrations"), 8);
  for (int i = 1; i <= 8; ++i) {
    EXPECT_EQ(co_await CountIn(other, StrCat("t", i)), 1);
  }
  co_await other.Close();
}
TEST_P(DatabaseSuite, MigratesAtOnce) {
  const auto other = Open(url_);
  On([&](Database& database) { return MigratesAtOnce(database, *other); });
}

}  // namespace
}  // namespace millrace::store
