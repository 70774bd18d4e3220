// The command line of a process that hosts services. The only user of CLI11.
// Pure; any thread.
#ifndef MILLRACE_RUNTIME_FLAGS_H_
#define MILLRACE_RUNTIME_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/config.h"

namespace millrace::runtime {

struct CommandLine {
  std::string config_file;
  std::vector<ConfigSources::Override> overrides;
  // Load and check the configuration, start nothing.
  bool check_config = false;
  // Print the configuration and where it comes from, start nothing.
  bool print_config = false;
  // What --help asks to print; then nothing else counts.
  std::string help;
};

// INVALID_ARGUMENT names a flag that is unknown, or has no value.
absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_FLAGS_H_
