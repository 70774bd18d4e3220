// `millrace migrate`: the schemas of services' databases, before the processes
// that need them start.
#ifndef MILLRACE_TOOLS_MILLRACE_MIGRATE_COMMAND_H_
#define MILLRACE_TOOLS_MILLRACE_MIGRATE_COMMAND_H_

#include <CLI/CLI.hpp>
#include <vector>

#include "runtime/module.h"

namespace millrace::cli {

// The exit code: 0 when the schemas are as this program has them, now or
// before; 1 when something has failed, or with --dry-run would be changed; 2
// when the command itself is wrong.
void AddMigrate(CLI::App* app, std::vector<runtime::ModuleFactory> modules,
                int* code);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_MIGRATE_COMMAND_H_
