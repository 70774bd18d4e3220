// Values, statements and errors, on every database.
#include <limits>

#include <gmock/gmock.h>

#include "base/strings.h"
#include "store/database_suite.h"
#include "store/id_list.h"
#include "store/statement_tally.h"

namespace millrace::store {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<Migration> kTables = {
    {1, "init",
     "CREATE TABLE kinds (id BIGINT PRIMARY KEY, number BIGINT, "
     "  ratio {{double}}, flag BOOLEAN, words TEXT, raw {{blob}});"
     "CREATE TABLE parents (id {{id}}, name TEXT NOT NULL UNIQUE,"
     "  age BIGINT CHECK (age >= 0), made_ms BIGINT NOT NULL DEFAULT {{now}});"
     "CREATE TABLE children (id {{id}}, parent BIGINT NOT NULL "
     "  REFERENCES parents (id));"}};

constexpr char kInsertKinds[] =
    "INSERT INTO kinds (id, number, ratio, flag, words, raw) "
    "VALUES (:id, :number, :ratio, :flag, :words, :raw)";

std::string AllBytes() {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  return all;
}

Promise<void> KeepsEveryType(Database& database) {
  co_await database.Migrate("test", kTables);
  using Limits = std::numeric_limits<int64_t>;
  co_await database.Transact([](Tx& tx) {
    tx.Execute(kInsertKinds, {{"id", 1},
                              {"number", Limits::max()},
                              {"ratio", 1.0 / 3},
                              {"flag", true},
                              {"words", "naïve 'quoted' :name 🙂"},
                              {"raw", Bytes{AllBytes()}}});
    tx.Execute(kInsertKinds, {{"id", 2},
                              {"number", Limits::min()},
                              {"ratio", -2.5e-300},
                              {"flag", false},
                              {"words", ""},
                              {"raw", Bytes{}}});
    tx.Execute(kInsertKinds, {{"id", 3},
                              {"number", nullptr},
                              {"ratio", nullptr},
                              {"flag", nullptr},
                              {"words", nullptr},
                              {"raw", nullptr}});
  });
  const std::vector<Row> rows = co_await database.Read(
      [](Tx& tx) { return tx.Query("SELECT * FROM kinds ORDER BY id"); });
  EXPECT_EQ(rows.size(), 3u);
  if (rows.size() != 3) co_return;
  EXPECT_EQ(rows[0].Int("number"), Limits::max());
  EXPECT_EQ(rows[0].Double("ratio"), 1.0 / 3);
  EXPECT_TRUE(rows[0].Bool("flag"));
  EXPECT_EQ(rows[0].Text("words"), "naïve 'quoted' :name 🙂");
  EXPECT_EQ(rows[0].Bytes("raw"), AllBytes());
  EXPECT_EQ(rows[1].Int("number"), Limits::min());
  EXPECT_EQ(rows[1].Double("ratio"), -2.5e-300);
  EXPECT_FALSE(rows[1].Bool("flag"));
  EXPECT_EQ(rows[1].Text("words"), "");
  EXPECT_EQ(rows[1].Bytes("raw"), "");
  for (const char* column : {"number", "ratio", "flag", "words", "raw"}) {
    EXPECT_TRUE(rows[2].IsNull(column)) << column;
    EXPECT_FALSE(rows[1].IsNull(column)) << column;
  }
}
TEST_P(DatabaseSuite, KeepsEveryType) { On(KeepsEveryType); }

// What a parameter is does not depend on where it stands.
Promise<void> TypesExpressions(Database& database) {
  const Row row = co_await database.Read([](Tx& tx) {
    return *tx.QueryOne(
        "SELECT :big + 1 AS big, :half * 2 AS one, :text AS text, "
        "CAST(:none AS TEXT) AS none, :raw AS raw, "
        "count(*) AS n, sum(x.v) AS total FROM (SELECT 2 AS v) x",
        {{"big", int64_t{1} << 40},
         {"half", 0.5},
         {"text", "t"},
         {"none", nullptr},
         {"raw", Bytes{std::string("\0z", 2)}}});
  });
  EXPECT_THAT(row.columns(),
              ElementsAre("big", "one", "text", "none", "raw", "n", "total"));
  EXPECT_EQ(row.Int("big"), (int64_t{1} << 40) + 1);
  EXPECT_EQ(row.Double("one"), 1.0);
  EXPECT_EQ(row.Text("text"), "t");
  EXPECT_TRUE(row.IsNull("none"));
  EXPECT_EQ(row.Bytes("raw"), std::string("\0z", 2));
  EXPECT_EQ(row.Int("n"), 1);
  EXPECT_EQ(row.Int("total"), 2);
}
TEST_P(DatabaseSuite, TypesExpressions) { On(TypesExpressions); }

Promise<void> CountsChangedRows(Database& database) {
  co_await database.Migrate("test", kTables);
  co_await database.Transact([](Tx& tx) {
    for (int i = 0; i < 5; ++i) {
      const std::string name = StrCat("p", i);
      // One prepared statement, a parameter that is now NULL, now not.
      EXPECT_EQ(tx.Execute(
                    "INSERT INTO parents (name, age) "
                    "VALUES (:name, :age)",
                    {{"name", name}, {"age", i % 2 == 0 ? Value() : Value(i)}}),
                1);
    }
    EXPECT_EQ(tx.Execute("UPDATE parents SET age = 9 WHERE age IS NULL"), 3);
    EXPECT_EQ(tx.Execute("UPDATE parents SET age = 9 WHERE age = 777"), 0);
    EXPECT_EQ(tx.Execute("CREATE TABLE extra (id BIGINT)"), 0);
    EXPECT_EQ(tx.Execute("SELECT id FROM parents"), 0);
    EXPECT_EQ(tx.Execute("INSERT INTO parents (name) VALUES (:name) "
                         "ON CONFLICT DO NOTHING",
                         {{"name", "p1"}}),
              0);
    const Row made = *tx.QueryOne(
        "INSERT INTO parents (name) VALUES ('made') RETURNING id, made_ms");
    EXPECT_GT(made.Int("id"), 0);
    // After 2020 and before 2100: milliseconds, not seconds.
    EXPECT_GT(made.Int("made_ms"), int64_t{1'577'836'800'000});
    EXPECT_LT(made.Int("made_ms"), int64_t{4'102'444'800'000});
    EXPECT_EQ(tx.Execute("DELETE FROM parents"), 6);
  });
}
TEST_P(DatabaseSuite, CountsChangedRows) { On(CountsChangedRows); }

template <typename Id>
size_t CountOf(Tx& tx, const std::string& column, std::vector<Id> ids) {
  const IdList list = ListOf(tx.dialect(), ids);
  return tx
      .Query(StrCat("SELECT id FROM kinds WHERE ", column, " ", list.condition),
             {{"ids", list.ids}})
      .size();
}

Promise<void> FindsAnyNumberOfIds(Database& database) {
  co_await database.Migrate("test", kTables);
  co_await database.Transact([](Tx& tx) {
    for (const int id : {1, 2, 30}) {
      tx.Execute("INSERT INTO kinds (id, words) VALUES (:id, :words)",
                 {{"id", id}, {"words", StrCat("id-", id)}});
    }
  });
  co_await database.Read([](Tx& tx) {
    EXPECT_EQ(CountOf<int64_t>(tx, "id", {}), 0u);
    EXPECT_EQ(CountOf<int64_t>(tx, "id", {30}), 1u);
    EXPECT_EQ(CountOf<int64_t>(tx, "id", {1, 3, 30}), 2u);
    EXPECT_EQ(CountOf<std::string>(tx, "words", {}), 0u);
    EXPECT_EQ(CountOf<std::string>(tx, "words", {"id-30"}), 1u);
    EXPECT_EQ(CountOf<std::string>(tx, "words", {"id-1", "id-3", "id-2"}), 2u);
  });
}

TEST_P(DatabaseSuite, FindsAnyNumberOfIds) { On(FindsAnyNumberOfIds); }

Promise<void> MetersEachStatement(Database& database) {
  co_await database.Migrate("test", kTables);
  for (int i = 1; i <= 3; ++i) {
    co_await database.Read([&](Tx& tx) {
      tx.Query("SELECT name FROM parents WHERE id = :id", {{"id", i}});
    });
  }
  const auto insert = [](Tx& tx) {
    tx.Execute("INSERT INTO parents (name) VALUES (:name)", {{"name", "a"}});
  };
  co_await database.Transact(insert);
  const absl::Status twice = co_await Outcome(database.Transact(insert));
  EXPECT_EQ(twice.code(), absl::StatusCode::kAlreadyExists);
  for (const char* sql : {"SELECT 1 FROM nowhere", "SELECT 2 FROM nowhere"}) {
    const absl::Status wrong =
        co_await Outcome(database.Transact([&](Tx& tx) { tx.Execute(sql); }));
    EXPECT_EQ(wrong.code(), absl::StatusCode::kInternal);
  }
}
TEST_P(DatabaseSuite, MetersEachStatement) {
  StatementTally tally;
  const auto database =
      ValueOrThrow(Database::Open(loop_, {.url = url_}, logger_, tally));
  EXPECT_EQ(Settle(Around(*database, MetersEachStatement)), absl::OkStatus());
  const std::string& name = database->name();
  EXPECT_EQ(tally.Runs(name, "SELECT parents by id"), 3);
  EXPECT_EQ(tally.Errors(name, "SELECT parents by id"), 0);
  EXPECT_EQ(tally.Runs(name, "INSERT parents"), 2);
  EXPECT_EQ(tally.Errors(name, "INSERT parents"), 1);
  EXPECT_EQ(tally.Runs(name, "SELECT nowhere"), 0);
  EXPECT_EQ(tally.Errors(name, "SELECT nowhere"), 2);
}

Promise<absl::Status> Failure(Database& database, std::string sql,
                              Params params = {}) {
  co_return co_await Outcome(
      database.Transact([&](Tx& tx) { tx.Execute(sql, params); }));
}

Promise<void> MapsErrors(Database& database) {
  using enum absl::StatusCode;
  co_await database.Migrate("test", kTables);
  co_await database.Transact([](Tx& tx) {
    tx.Execute("INSERT INTO parents (name) VALUES ('ann')");
    tx.Execute("INSERT INTO children (parent) VALUES (1)");
  });
  const Params ann = {{"n", "ann"}};
  absl::Status status =
      co_await Failure(database, "INSERT INTO parents (name) VALUES (:n)", ann);
  EXPECT_EQ(status.code(), kAlreadyExists);
  EXPECT_THAT(MessageOf(status), HasSubstr("parents.name"));
  status =
      co_await Failure(database, "INSERT INTO children (parent) VALUES (99)");
  EXPECT_EQ(status.code(), kFailedPrecondition);
  status = co_await Failure(database, "DELETE FROM parents WHERE id = 1");
  EXPECT_EQ(status.code(), kFailedPrecondition);
  status =
      co_await Failure(database, "INSERT INTO parents (name) VALUES (NULL)");
  EXPECT_EQ(status.code(), kInvalidArgument);
  EXPECT_THAT(MessageOf(status), HasSubstr("not null"));
  status = co_await Failure(
      database, "INSERT INTO parents (name, age) VALUES ('old', -1)");
  EXPECT_EQ(status.code(), kInvalidArgument);
  EXPECT_THAT(MessageOf(status), HasSubstr("check"));
  status = co_await Failure(database, "DELETE FROM nowhere");
  EXPECT_EQ(status.code(), kInternal);
  EXPECT_THAT(MessageOf(status), HasSubstr("nowhere"));
  status = co_await Failure(database, "DELETE FROM parents; SELECT 1");
  EXPECT_EQ(status.code(), kInternal);
  status = co_await Failure(database, "DELETE FROM parents WHERE id = :id");
  EXPECT_EQ(status.code(), kInternal);
  EXPECT_THAT(MessageOf(status), HasSubstr(":id has no value"));
  const Params nul = {{"n", std::string("a\0b", 3)}};
  status = co_await Failure(database, "UPDATE parents SET name = :n", nul);
  EXPECT_EQ(status.code(), kInvalidArgument);
}
TEST_P(DatabaseSuite, MapsErrors) { On(MapsErrors); }

Promise<void> RefusesWritesInReads(Database& database) {
  co_await database.Migrate("test", kTables);
  const absl::Status status = co_await Outcome(database.Read(
      [](Tx& tx) { tx.Execute("INSERT INTO parents (name) VALUES ('x')"); }));
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(MessageOf(status),
              ::testing::AnyOf(HasSubstr("read-only"), HasSubstr("readonly")));
  // The connection writes again where it is shared.
  co_await database.Transact(
      [](Tx& tx) { tx.Execute("INSERT INTO parents (name) VALUES ('x')"); });
}
TEST_P(DatabaseSuite, RefusesWritesInReads) { On(RefusesWritesInReads); }

Promise<void> WantsOneRowAtMost(Database& database) {
  co_await database.Read([](Tx& tx) {
    EXPECT_FALSE(tx.QueryOne("SELECT 1 AS a WHERE 1 = 0").has_value());
    EXPECT_EQ(tx.QueryOne("SELECT 1 AS a")->Int("a"), 1);
  });
  const absl::Status status = co_await Outcome(database.Read(
      [](Tx& tx) { tx.QueryOne("SELECT 1 AS a UNION ALL SELECT 2"); }));
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(MessageOf(status), AllOf(HasSubstr("2 rows"), HasSubstr("SELE")));
}
TEST_P(DatabaseSuite, WantsOneRowAtMost) { On(WantsOneRowAtMost); }

}  // namespace
}  // namespace millrace::store
