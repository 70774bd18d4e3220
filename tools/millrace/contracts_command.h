// The commands `millrace contracts list|asyncapi|openapi|graph|check`: see
// tools/contracts.
#ifndef MILLRACE_TOOLS_MILLRACE_CONTRACTS_COMMAND_H_
#define MILLRACE_TOOLS_MILLRACE_CONTRACTS_COMMAND_H_

#include <CLI/CLI.hpp>
#include <vector>

#include "runtime/module.h"

namespace millrace::cli {

// `code` gets the exit code when one of them was given. `modules` are those
// that `millrace up` runs.
void AddContracts(CLI::App* app, std::vector<runtime::ModuleFactory> modules,
                  int* code);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_CONTRACTS_COMMAND_H_
