// One step of Database::Migrate(): a transaction that applies the next
// migration of a module, if there is one. And what such steps would apply. Both
// run on a worker thread.
//
// The table millrace_migrations has a row for each migration that was applied.
// Its column least_version says which programs may run on the schema since (see
// migration.h), so that one of before can tell whether it may; it is NULL where
// a program of before there was that column has applied the migration, until
// one that knows the migration comes.
#ifndef MILLRACE_STORE_MIGRATOR_H_
#define MILLRACE_STORE_MIGRATOR_H_

#include <optional>
#include <string>
#include <vector>

#include "store/migration.h"
#include "store/transaction.h"

namespace millrace::store {

struct MigrationStep {
  std::string module;
  std::vector<Migration> migrations;

  struct Done {
    // None when the schema is up to date.
    std::optional<Migration> applied;
    // See SchemaState.
    std::optional<AppliedMigration> ahead;
  };
  Done operator()(Tx& tx) const;
};

struct SchemaState {
  // What Database::Migrate() would apply, in order.
  std::vector<Migration> pending;
  // The last migration that a newer program has applied; this one may run on it
  // all the same.
  std::optional<AppliedMigration> ahead;
};

// Changes nothing, and fails with what Database::Migrate() would refuse.
SchemaState LookAtSchema(Tx& tx, const std::string& module,
                         const std::vector<Migration>& migrations);

}  // namespace millrace::store

#endif  // MILLRACE_STORE_MIGRATOR_H_
