#include "tests/faults/ledger.h"

#include "base/strings.h"

namespace millrace::faults {
namespace {

constexpr char kTables[] = R"sql(
  CREATE TABLE changes (id {{id}}, name TEXT NOT NULL, number BIGINT NOT NULL);
  CREATE UNIQUE INDEX changes_by_name ON changes (name, number);
  CREATE TABLE applied (id {{id}}, name TEXT NOT NULL, number BIGINT NOT NULL);
)sql";

void Insert(store::Tx& tx, std::string_view table, const std::string& key,
            int64_t number) {
  tx.Execute(
      StrCat("INSERT INTO ", table, " (name, number) VALUES (:name, :number)"),
      store::Params{{"name", key}, {"number", number}});
}

}  // namespace

std::vector<store::Migration> LedgerMigrations() {
  std::vector<store::Migration> migrations(1);
  migrations[0] = {1, "tables", kTables};
  return migrations;
}

int64_t AddChange(store::Tx& tx, const std::string& key, int64_t wanted) {
  const auto last = tx.QueryOne(
      "SELECT number FROM changes WHERE name = :name "
      "ORDER BY number DESC LIMIT 1",
      store::Params{{"name", key}});
  const int64_t next = last ? last->Int("number") + 1 : 1;
  if (next > wanted) return 0;
  Insert(tx, "changes", key, next);
  return next;
}

void AddApplied(store::Tx& tx, const std::string& key, int64_t number) {
  Insert(tx, "applied", key, number);
}

int64_t Count(store::Tx& tx, std::string_view table) {
  return tx.QueryOne(StrCat("SELECT COUNT(*) AS n FROM ", table))->Int("n");
}

std::vector<std::string> Dump(store::Tx& tx, std::string_view table) {
  std::vector<std::string> lines;
  for (const store::Row& row :
       tx.Query(StrCat("SELECT name, number FROM ", table, " ORDER BY id"))) {
    lines.push_back(StrCat(row.Text("name"), " ", row.Int("number")));
  }
  return lines;
}

}  // namespace millrace::faults
