// Schema versions of one module: a service, or a library with tables of its
// own. Pure functions; Database::Migrate() applies. The version of a program is
// that of the last migration that it knows.
//
// The SQL is portable but for these tokens, replaced by dialect:
//   {{id}}      an integer primary key that counts up by itself
//   {{blob}}    bytes                {{double}}  a 64-bit float
//   {{now}}     the present time in milliseconds since 1970, an expression
//   {{sqlite}}...{{end}}  and  {{postgres}}...{{end}}  for one of them only
// BIGINT, BOOLEAN and TEXT mean the same on both.
#ifndef MILLRACE_STORE_MIGRATION_H_
#define MILLRACE_STORE_MIGRATION_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/dialect.h"

namespace millrace::store {

// What a migration means to programs that were built before it.
enum class MigrationKind {
  // It takes away or changes what they use: none of them may run on.
  kContract,
  // It only adds: those that could run on the schema before it may run beside
  // it, and start on it.
  kExpand,
};

struct Migration {
  int version = 0;
  std::string name;
  std::string sql;
  MigrationKind kind = MigrationKind::kContract;
};

// A migration as the database remembers it.
struct AppliedMigration {
  int version = 0;
  std::string name;
  std::string checksum;
  // Programs whose last migration is this one or a later one may run on the
  // schema. 0 where a program that did not tell has applied it: its own version
  // then.
  int least_version = 0;
};

// 16 hexadecimal digits over the text as written, line ends normalized.
std::string Checksum(std::string_view sql);

// INVALID_ARGUMENT naming an unknown or unclosed token.
absl::StatusOr<std::string> ForDialect(std::string_view sql, Dialect dialect);

// AppliedMigration::least_version of known[index]: that of the last migration
// up to there that contracts, or of the first.
int LeastVersion(const std::vector<Migration>& known, size_t index);

// The last of `applied`, when it is later than all that is known.
std::optional<AppliedMigration> Ahead(
    const std::vector<Migration>& known,
    const std::vector<AppliedMigration>& applied);

// The first of `known` that is not yet applied, or nullptr. INVALID_ARGUMENT
// when `known` is not in order; FAILED_PRECONDITION when the database has a
// migration that is not known (a newer program ran here) and that leaves no
// program of this version running, one whose text has changed, or one later
// than a missing one.
absl::StatusOr<const Migration*> NextMigration(
    std::string_view module, const std::vector<Migration>& known,
    const std::vector<AppliedMigration>& applied);

}  // namespace millrace::store

#endif  // MILLRACE_STORE_MIGRATION_H_
