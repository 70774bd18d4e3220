// `millrace backup`: a copy of the platform's files that it starts from again.
#ifndef MILLRACE_TOOLS_MILLRACE_BACKUP_COMMAND_H_
#define MILLRACE_TOOLS_MILLRACE_BACKUP_COMMAND_H_

#include <CLI/CLI.hpp>
#include <vector>

#include "runtime/module.h"

namespace millrace::cli {

// The exit code: 0 when the backup is there, whole and sound; 1 when it is not
// there at all; 2 when the command itself is wrong.
void AddBackup(CLI::App* app, std::vector<runtime::ModuleFactory> modules,
               int* code);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_BACKUP_COMMAND_H_
