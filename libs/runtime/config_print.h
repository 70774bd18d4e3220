// What --print-config prints. Pure; any thread.
#ifndef MILLRACE_RUNTIME_CONFIG_PRINT_H_
#define MILLRACE_RUNTIME_CONFIG_PRINT_H_

#include <string>

#include "runtime/config.h"

namespace millrace::runtime {

// The whole configuration as YAML, each value with the place that it came from
// (file:line:column, variable, flag, or "default") in a comment, and a mark on
// those that a running process takes on SIGHUP. Could be loaded again: secrets,
// which no file may have, are comments as a whole, without their value.
std::string PrintConfig(const LoadedConfig& loaded);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CONFIG_PRINT_H_
