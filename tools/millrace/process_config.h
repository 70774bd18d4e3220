// The configuration that a process would have, for commands that prepare what
// it needs.
#ifndef MILLRACE_TOOLS_MILLRACE_PROCESS_CONFIG_H_
#define MILLRACE_TOOLS_MILLRACE_PROCESS_CONFIG_H_

#include <string>
#include <vector>

#include "runtime/config.h"
#include "runtime/module.h"

namespace millrace::cli {

// From the flags that `millrace up` has too, the environment and the file.
// Throws INVALID_ARGUMENT with a line for each thing that is wrong. `command`
// stands for the name of the program.
runtime::Config LoadProcessConfig(
    const std::string& command, const std::vector<std::string>& arguments,
    const std::vector<runtime::ModuleFactory>& modules);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_PROCESS_CONFIG_H_
