#include "store/migrator.h"

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"

namespace millrace::store {
namespace {

// "millrace" in ASCII: the key of PostgreSQL's advisory lock.
constexpr int64_t kLockKey = 0x6d696c6c72616365;

// Whether there is something under a name of SQLite's or PostgreSQL's own
// tables, which `sqlite` and `postgres` ask.
bool Exists(Tx& tx, std::string_view sqlite, std::string_view postgres) {
  return !tx.Query(tx.dialect() == Dialect::kSqlite ? sqlite : postgres)
              .empty();
}

// Whether anything was ever migrated here.
bool HasMigrations(Tx& tx) {
  return Exists(tx,
                "SELECT name FROM sqlite_master "
                "WHERE type = 'table' AND name = 'millrace_migrations'",
                "SELECT relname FROM pg_class "
                "WHERE oid = to_regclass('millrace_migrations')");
}

bool HasLeastVersion(Tx& tx) {
  return Exists(tx,
                "SELECT name FROM pragma_table_info('millrace_migrations') "
                "WHERE name = 'least_version'",
                "SELECT attname FROM pg_attribute "
                "WHERE attrelid = to_regclass('millrace_migrations') "
                "AND attname = 'least_version' AND NOT attisdropped");
}

std::vector<AppliedMigration> Applied(Tx& tx, const std::string& module) {
  const std::string sql =
      StrCat("SELECT version, name, checksum, ",
             HasLeastVersion(tx) ? "COALESCE(least_version, 0)" : "0",
             " AS least_version FROM millrace_migrations "
             "WHERE module = :module ORDER BY version");
  std::vector<AppliedMigration> applied;
  for (const Row& row : tx.Query(sql, {{"module", module}})) {
    applied.push_back({static_cast<int>(row.Int("version")), row.Text("name"),
                       row.Text("checksum"),
                       static_cast<int>(row.Int("least_version"))});
  }
  return applied;
}

void MakeTable(Tx& tx) {
  tx.Execute(
      "CREATE TABLE IF NOT EXISTS millrace_migrations ("
      "module TEXT NOT NULL, version BIGINT NOT NULL, name TEXT NOT NULL, "
      "checksum TEXT NOT NULL, applied_ms BIGINT NOT NULL, "
      "least_version BIGINT, PRIMARY KEY (module, version))");
  if (HasLeastVersion(tx)) return;
  // A table from before there was that column.
  tx.Execute("ALTER TABLE millrace_migrations ADD COLUMN least_version BIGINT");
}

// Says what those that have applied known migrations did not know of.
void TellLeastVersions(Tx& tx, const MigrationStep& step,
                       const std::vector<AppliedMigration>& applied) {
  for (size_t i = 0; i < step.migrations.size(); ++i) {
    for (const AppliedMigration& migration : applied) {
      if (migration.version != step.migrations[i].version ||
          migration.least_version > 0) {
        continue;
      }
      tx.Execute(
          "UPDATE millrace_migrations SET least_version = :least "
          "WHERE module = :module AND version = :version",
          {{"least", LeastVersion(step.migrations, i)},
           {"module", step.module},
           {"version", migration.version}});
    }
  }
}

void Apply(Tx& tx, const MigrationStep& step, const Migration& migration) {
  tx.Script(ValueOrThrow(ForDialect(migration.sql, tx.dialect())));
  const size_t index = &migration - step.migrations.data();
  tx.Execute(
      "INSERT INTO millrace_migrations "
      "(module, version, name, checksum, applied_ms, least_version) "
      "VALUES (:module, :version, :name, :checksum, :now, :least)",
      {{"module", step.module},
       {"version", migration.version},
       {"name", migration.name},
       {"checksum", Checksum(migration.sql)},
       {"now", absl::ToUnixMillis(absl::Now())},
       {"least", LeastVersion(step.migrations, index)}});
}

}  // namespace

MigrationStep::Done MigrationStep::operator()(Tx& tx) const {
  // SQLite's transaction holds the write lock already.
  if (tx.dialect() == Dialect::kPostgres) {
    tx.Query("SELECT pg_advisory_xact_lock(:key)", {{"key", kLockKey}});
  }
  MakeTable(tx);
  const std::vector<AppliedMigration> applied = Applied(tx, module);
  const Migration* next =
      ValueOrThrow(NextMigration(module, migrations, applied));
  TellLeastVersions(tx, *this, applied);
  if (next == nullptr) return {std::nullopt, Ahead(migrations, applied)};
  try {
    Apply(tx, *this, *next);
  } catch (const StatusError& e) {
    const absl::Status& why = e.status();
    Throw(absl::Status(why.code(),
                       StrCat("migration ", next->version, " (", next->name,
                              ") of module ", module, ": ", MessageOf(why))));
  }
  return {*next, std::nullopt};
}

SchemaState LookAtSchema(Tx& tx, const std::string& module,
                         const std::vector<Migration>& migrations) {
  std::vector<AppliedMigration> applied;
  if (HasMigrations(tx)) applied = Applied(tx, module);
  SchemaState state;
  state.ahead = Ahead(migrations, applied);
  for (;;) {
    const Migration* next =
        ValueOrThrow(NextMigration(module, migrations, applied));
    if (next == nullptr) return state;
    state.pending.push_back(*next);
    applied.push_back({next->version, next->name, Checksum(next->sql)});
  }
}

}  // namespace millrace::store
