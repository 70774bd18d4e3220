// main() of a process that hosts services.
//
//   int main(int argc, char** argv) {
//     return millrace::runtime::Main(argc, argv, {&users::NewModule});
//   }
//
// Reads flags, environment and configuration file, starts the modules, prints
// one line on stdout when everything is there,
//
//   ready http=127.0.0.1:8080 grpc=127.0.0.1:9090
//
// and serves until SIGTERM or SIGINT; a second one ends it at once, also when
// the loop is stuck. SIGHUP makes it read its configuration again (reload.h),
// or ends it when its terminal is gone. Exit codes:
// 0 after a clean drain, 1 when it could not start (stderr says why) or had to
// cut something off.
#ifndef MILLRACE_RUNTIME_MAIN_H_
#define MILLRACE_RUNTIME_MAIN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/config.h"
#include "runtime/flags.h"
#include "runtime/module.h"

namespace millrace::runtime {

struct MainOptions {
  // Printed below the ready line, with {http} and {grpc} replaced by the
  // addresses: something to try.
  std::string hint;
};

// The configuration that Main() would start these modules with: file,
// environment and flags. INVALID_ARGUMENT has a line for each thing that is
// wrong.
absl::StatusOr<LoadedConfig> ConfigFor(
    const CommandLine& line, const std::vector<ModuleFactory>& modules);

int Main(int argc, char** argv, std::vector<ModuleFactory> modules,
         MainOptions options = {});

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_MAIN_H_
