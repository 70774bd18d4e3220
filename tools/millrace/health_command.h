// `millrace health`: asks a process whether it is ready, for container engines
// and scripts. It needs neither a shell nor curl beside it.
#ifndef MILLRACE_TOOLS_MILLRACE_HEALTH_COMMAND_H_
#define MILLRACE_TOOLS_MILLRACE_HEALTH_COMMAND_H_

#include <CLI/CLI.hpp>

namespace millrace::cli {

// `code` gets the exit code when the command was given: 0 when the process
// serves, 1 when it does not or cannot be reached; stderr says why.
void AddHealth(CLI::App* app, int* code);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_HEALTH_COMMAND_H_
