// `millrace admin bootstrap EMAIL`: the first administrator.
#ifndef MILLRACE_TOOLS_MILLRACE_ADMIN_COMMAND_H_
#define MILLRACE_TOOLS_MILLRACE_ADMIN_COMMAND_H_

#include <CLI/CLI.hpp>
#include <vector>

#include "runtime/module.h"

namespace millrace::cli {

// Adds the command to `app`; `code` becomes the exit code when it is run.
void AddAdmin(CLI::App* app, std::vector<runtime::ModuleFactory> modules,
              int* code);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_ADMIN_COMMAND_H_
