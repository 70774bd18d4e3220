#include "store/migrator.h"

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"

namespace millrace::store {
namespace {

// "millrace" in ASCII: the key of PostgreSQL's advisory lock.
constexpr int64_t kLockKey = 0x6d696c6c72616365;

std::vector<AppliedMigration> Applied(Tx& tx, const std::string& module) {
  std::vector<AppliedMigration> applied;
  for (const Row& row :
       tx.Query("SELECT version, name, checksum FROM millrace_migrations "
                "WHERE module = :module ORDER BY version",
                {{"module", module}})) {
    applied.push_back({static_cast<int>(row.Int("version")), row.Text("name"),
                       row.Text("checksum")});
  }
  return applied;
}

void Apply(Tx& tx, const std::string& module, const Migration& migration) {
  tx.Script(ValueOrThrow(ForDialect(migration.sql, tx.dialect())));
  tx.Execute(
      "INSERT INTO millrace_migrations "
      "(module, version, name, checksum, applied_ms) "
      "VALUES (:module, :version, :name, :checksum, :now)",
      {{"module", module},
       {"version", migration.version},
       {"name", migration.name},
       {"checksum", Checksum(migration.sql)},
       {"now", absl::ToUnixMillis(absl::Now())}});
}

// Whether anything was ever migrated here.
bool HasMigrations(Tx& tx) {
  constexpr std::string_view kSqlite =
      "SELECT name FROM sqlite_master "
      "WHERE type = 'table' AND name = 'millrace_migrations'";
  constexpr std::string_view kPostgres =
      "SELECT relname FROM pg_class "
      "WHERE oid = to_regclass('millrace_migrations')";
  return !tx.Query(tx.dialect() == Dialect::kSqlite ? kSqlite : kPostgres)
              .empty();
}

}  // namespace

std::optional<Migration> MigrationStep::operator()(Tx& tx) const {
  // SQLite's transaction holds the write lock already.
  if (tx.dialect() == Dialect::kPostgres) {
    tx.Query("SELECT pg_advisory_xact_lock(:key)", {{"key", kLockKey}});
  }
  tx.Execute(
      "CREATE TABLE IF NOT EXISTS millrace_migrations ("
      "module TEXT NOT NULL, version BIGINT NOT NULL, name TEXT NOT NULL, "
      "checksum TEXT NOT NULL, applied_ms BIGINT NOT NULL, "
      "PRIMARY KEY (module, version))");
  const Migration* next =
      ValueOrThrow(NextMigration(module, migrations, Applied(tx, module)));
  if (next == nullptr) return std::nullopt;
  try {
    Apply(tx, module, *next);
  } catch (const StatusError& e) {
    const absl::Status& why = e.status();
    Throw(absl::Status(why.code(),
                       StrCat("migration ", next->version, " (", next->name,
                              ") of module ", module, ": ", MessageOf(why))));
  }
  return *next;
}

std::vector<Migration> PendingMigrations(
    Tx& tx, const std::string& module,
    const std::vector<Migration>& migrations) {
  std::vector<AppliedMigration> applied;
  if (HasMigrations(tx)) applied = Applied(tx, module);
  std::vector<Migration> pending;
  for (;;) {
    const Migration* next =
        ValueOrThrow(NextMigration(module, migrations, applied));
    if (next == nullptr) return pending;
    pending.push_back(*next);
    applied.push_back({next->version, next->name, Checksum(next->sql)});
  }
}

}  // namespace millrace::store
