// Backups of the SQLite files of a platform that runs, or does not.
#ifndef MILLRACE_TOOLS_MILLRACE_BACKUP_H_
#define MILLRACE_TOOLS_MILLRACE_BACKUP_H_

#include <ostream>
#include <string>
#include <vector>

#include "runtime/config.h"
#include "runtime/module.h"

namespace millrace::cli {

// Copies all of the data directory, and what of the services' files `config`
// has elsewhere, into `directory`, as store::BackUp() does: the databases as
// they were at one moment. Files of the data directory that are no databases
// are copied with their modes, directories in it are not. Writes a line for
// each.
//
// Throws FAILED_PRECONDITION when a service has its database elsewhere than in
// a file, NOT_FOUND when there is none, and what store::BackUp() fails with. To
// be called in a process that has none of the files open.
void BackUp(const runtime::Config& config,
            const std::vector<runtime::ModuleFactory>& modules,
            const std::string& directory, std::ostream& out);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_BACKUP_H_
