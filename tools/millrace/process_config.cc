#include "tools/millrace/process_config.h"

#include "base/status.h"
#include "runtime/flags.h"
#include "runtime/main.h"

namespace millrace::cli {

runtime::Config LoadProcessConfig(
    const std::string& command, const std::vector<std::string>& arguments,
    const std::vector<runtime::ModuleFactory>& modules) {
  std::vector<const char*> argv = {command.c_str()};
  for (const std::string& argument : arguments) {
    argv.push_back(argument.c_str());
  }
  const runtime::CommandLine line = ValueOrThrow(
      runtime::ParseCommandLine(static_cast<int>(argv.size()), argv.data()));
  return ValueOrThrow(runtime::ConfigFor(line, modules)).config;
}

}  // namespace millrace::cli
