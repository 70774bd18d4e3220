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
  const SchemaState state = co_await database.Read(
      [&](Tx& tx) { return LookAtSchema(tx, "test", Versions(count)); });
  std::string versions;
  for (const Migration& migration : state.pending) {
    StrAppend(&versions, migration.version, " ");
  }
  if (state.ahead) StrAppend(&versions, "beside ", state.ahead->version);
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

// Of which those from `from` on only add.
std::vector<Migration> Expanding(int count, int from) {
  std::vector<Migration> all = Versions(count);
  for (Migration& migration : all) {
    if (migration.version >= from) migration.kind = MigrationKind::kExpand;
  }
  return all;
}

Promise<std::string> LeastVersionsIn(Database& database) {
  const std::vector<Row> rows = co_await database.Read([&](Tx& tx) {
    return tx.Query(
        "SELECT version, COALESCE(least_version, 0) AS least "
        "FROM millrace_migrations ORDER BY version");
  });
  std::string all;
  for (const Row& row : rows) {
    StrAppend(&all, row.Int("version"), ":", row.Int("least"), " ");
  }
  co_return all;
}

Promise<void> GoesOnBesideWhatOnlyAdds(Database& database) {
  // A program of version 3 has come, and its migration 2 contracts.
  co_await database.Migrate("test", Expanding(3, 3));
  EXPECT_EQ(co_await LeastVersionsIn(database), "1:1 2:2 3:2 ");
  // One of version 2 may run, and changes nothing.
  co_await database.Migrate("test", Versions(2));
  EXPECT_EQ(co_await PendingIn(database, 2), "beside 3");
  EXPECT_EQ(co_await LeastVersionsIn(database), "1:1 2:2 3:2 ");
  // One of version 1 may not.
  const absl::Status status =
      co_await Outcome(database.Migrate("test", Versions(1)));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(MessageOf(status), HasSubstr("version 2 (step2), which programs "
                                           "from version 2 on"));
  // And the newer one goes on where it was.
  co_await database.Migrate("test", Expanding(4, 3));
  EXPECT_EQ(co_await LeastVersionsIn(database), "1:1 2:2 3:2 4:2 ");
}
TEST_P(DatabaseSuite, GoesOnBesideWhatOnlyAdds) {
  On(GoesOnBesideWhatOnlyAdds);
}

// As the table was before it said which programs may run.
constexpr char kTableOfBefore[] =
    "CREATE TABLE millrace_migrations (module TEXT NOT NULL, "
    "version BIGINT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, "
    "applied_ms BIGINT NOT NULL, PRIMARY KEY (module, version))";

Promise<void> TakesADatabaseOfBefore(Database& database) {
  co_await database.Transact([](Tx& tx) {
    tx.Script(kTableOfBefore);
    for (const Migration& migration : Versions(2)) {
      tx.Script(migration.sql);
      tx.Execute(
          "INSERT INTO millrace_migrations VALUES "
          "('test', :version, :name, :checksum, 0)",
          {{"version", migration.version},
           {"name", migration.name},
           {"checksum", Checksum(migration.sql)}});
    }
  });
  // Looking changes nothing; what nobody has told of is taken to contract.
  EXPECT_EQ(co_await PendingIn(database, 3), "3 ");
  const absl::Status status = co_await Outcome(PendingIn(database, 1));
  EXPECT_THAT(MessageOf(status), HasSubstr("newer program"));
  // A program that knows them says what they are, though it adds nothing.
  co_await database.Migrate("test", Expanding(2, 2));
  EXPECT_EQ(co_await LeastVersionsIn(database), "1:1 2:1 ");
  EXPECT_EQ(co_await PendingIn(database, 1), "beside 2");
}
TEST_P(DatabaseSuite, TakesADatabaseOfBefore) { On(TakesADatabaseOfBefore); }

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
