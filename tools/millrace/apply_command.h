// `millrace contracts apply`: gives a Kafka cluster the topics that the
// platform's contracts ask for.
#ifndef MILLRACE_TOOLS_MILLRACE_APPLY_COMMAND_H_
#define MILLRACE_TOOLS_MILLRACE_APPLY_COMMAND_H_

#include <CLI/CLI.hpp>
#include <vector>

#include "runtime/module.h"

namespace millrace::cli {

// Below `contracts`. The exit code: 0 when the topics are as the contracts say,
// now or before; 1 when something was refused or has failed, or with --dry-run
// would be changed; 2 when the command itself is wrong.
void AddApply(CLI::App* contracts, std::vector<runtime::ModuleFactory> modules,
              int* code);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_APPLY_COMMAND_H_
