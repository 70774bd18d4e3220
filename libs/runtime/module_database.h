// The database of one module: opened, migrated, watched and closed. Also the
// module's outbox, whose tables are in it. Loop thread only.
#ifndef MILLRACE_RUNTIME_MODULE_DATABASE_H_
#define MILLRACE_RUNTIME_MODULE_DATABASE_H_

#include <memory>
#include <string>
#include <vector>

#include "loop/abort.h"
#include "loop/promise.h"
#include "runtime/host_parts.h"
#include "store/database.h"
#include "store/migration.h"

namespace millrace::runtime {

class ModuleDatabase {
 public:
  ModuleDatabase(HostParts& parts, std::string module);
  ~ModuleDatabase();

  // Opens and migrates: its own schema and those of the bus. Goes on trying
  // while the database is away, until `stop` aborts; rejects when it cannot
  // work.
  Promise<void> Open(std::vector<store::Migration> migrations,
                     AbortSignal stop);

  // Asks the database whether it is there, and tells the readiness.
  Promise<void> Check();

  // Null before Open().
  store::Database* get() { return database_.get(); }

  Promise<void> Close();

 private:
  Promise<void> Migrate(const std::vector<store::Migration>& migrations);

  HostParts& parts_;
  const std::string module_;
  const std::string need_;
  std::unique_ptr<store::Database> database_;
  bool open_ = false;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_MODULE_DATABASE_H_
