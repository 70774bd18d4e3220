// One step of Database::Migrate(): a transaction that applies the next
// migration of a module, if there is one. And what such steps would apply. Both
// run on a worker thread.
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

  // What was applied; none when the schema is up to date.
  std::optional<Migration> operator()(Tx& tx) const;
};

// What Database::Migrate() would apply, in order. Changes nothing, and fails
// with what it would refuse.
std::vector<Migration> PendingMigrations(
    Tx& tx, const std::string& module,
    const std::vector<Migration>& migrations);

}  // namespace millrace::store

#endif  // MILLRACE_STORE_MIGRATOR_H_
