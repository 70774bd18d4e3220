// Where a database is. A pure value.
//
//   sqlite::memory:                          private to one Database
//   sqlite:///var/lib/millrace/users.db      an absolute path
//   sqlite://data/users.db                   a path relative to the process
//   sqlite://data/users.db?mode=ro           there already, and only read
//   postgresql://user:password@host:5432/db?sslmode=verify-full
//
// PostgreSQL's URL is libpq's, with all its options; postgres:// works too.
#ifndef MILLRACE_STORE_DATABASE_URL_H_
#define MILLRACE_STORE_DATABASE_URL_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "store/dialect.h"

namespace millrace::store {

struct DatabaseUrl {
  Dialect dialect = Dialect::kSqlite;
  // What SOCI's backend connects to. Holds the password: never print it.
  std::string target;
  // For logs and errors, without user and password.
  std::string display;
  // SQLite: the file is not made, and stays in the journal mode that it has.
  bool only_read = false;

  bool in_memory() const { return target == ":memory:"; }
};

// INVALID_ARGUMENT saying what is wrong, never with the password in it.
absl::StatusOr<DatabaseUrl> ParseDatabaseUrl(std::string_view url,
                                             absl::Duration connect_timeout);

}  // namespace millrace::store

#endif  // MILLRACE_STORE_DATABASE_URL_H_
