// The configuration of a process: a file, then the environment, then flags,
// checked as a whole. Pure but for the files it reads; any thread.
#ifndef MILLRACE_RUNTIME_CONFIG_H_
#define MILLRACE_RUNTIME_CONFIG_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/config.pb.h"
#include "runtime/config_node.h"

namespace millrace::runtime {

using config::v1::Config;

struct ConfigSources {
  // The configuration file; none when empty.
  std::string file;

  // The variables of the process. Those in MILLRACE_ must be known.
  // MILLRACE_X_FILE names a file that holds the value of MILLRACE_X.
  std::vector<std::pair<std::string, std::string>> environment;

  // From flags, the later wins.
  struct Override {
    std::string path;   // "http.port"
    std::string value;  // of a list: items separated by commas
    std::string flag;   // "--http-port", for messages
  };
  std::vector<Override> overrides;

  // What the program can host.
  std::vector<std::string> services;
};

// INVALID_ARGUMENT with everything that is wrong, one problem per line; each
// names its place (file:line:column, variable or flag). `services` of the
// result is never empty.
absl::StatusOr<Config> LoadConfig(const ConfigSources& sources);

// The same, with the place of each value that is not the default.
struct LoadedConfig {
  Config config;
  Places places;
};
absl::StatusOr<LoadedConfig> LoadConfigWithPlaces(const ConfigSources& sources);

// The environment of this process.
std::vector<std::pair<std::string, std::string>> ProcessEnvironment();

// The database of a service, with its password: for opening it only.
std::string DatabaseUrlOf(const Config& config, const std::string& service);

// The duration of a field of a loaded configuration.
absl::Duration DurationOf(const std::string& text);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CONFIG_H_
