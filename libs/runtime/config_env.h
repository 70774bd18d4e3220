// What the environment says about the configuration. Any thread.
#ifndef MILLRACE_RUNTIME_CONFIG_ENV_H_
#define MILLRACE_RUNTIME_CONFIG_ENV_H_

#include <string>
#include <utility>
#include <vector>

#include "runtime/config_node.h"

namespace millrace::runtime {

// One node for each variable in MILLRACE_. Unknown ones, files that cannot be
// read, and values that are given twice are added to `problems`. `services`
// are for suggestions.
std::vector<ConfigNode> FromEnvironment(
    const std::vector<std::pair<std::string, std::string>>& environment,
    const std::vector<std::string>& services, Problems& problems);

// The content of a file. `error` says why there is none.
bool ReadFile(const std::string& path, std::string* content,
              std::string* error);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CONFIG_ENV_H_
