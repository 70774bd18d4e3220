// Brings the schemas of services' databases up to date, as their processes do
// when they start, or tells what that would change.
#ifndef MILLRACE_TOOLS_MILLRACE_MIGRATE_H_
#define MILLRACE_TOOLS_MILLRACE_MIGRATE_H_

#include <ostream>
#include <vector>

#include "runtime/config.h"
#include "runtime/module.h"

namespace millrace::cli {

// Of the services that `config` hosts, one after another, whatever becomes of
// those before. Writes a line for each migration, or for a service that is as
// it should be, or for what has failed. With `dry_run` changes nothing, nor
// makes a SQLite file that is missing. Any number of processes may run it at
// once, beside services that run. Whether all is up to date now, or of a newer
// program whose migrations let this one run.
//
// Throws FAILED_PRECONDITION when a process uses the SQLite files. On a thread
// without a loop.
bool Migrate(const runtime::Config& config,
             const std::vector<runtime::ModuleFactory>& modules, bool dry_run,
             std::ostream& out);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_MIGRATE_H_
