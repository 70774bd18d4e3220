// Whether the values of a configuration make sense, each and together. Pure.
#ifndef MILLRACE_RUNTIME_CONFIG_VALIDATE_H_
#define MILLRACE_RUNTIME_CONFIG_VALIDATE_H_

#include <string>
#include <vector>

#include "runtime/config.pb.h"
#include "runtime/config_apply.h"
#include "runtime/config_node.h"

namespace millrace::runtime {

// Adds everything that is wrong to `problems`, with the place it came from
// when `places` has it and with how to set it right. `services` are the names
// of the services that this program can host.
void Validate(const config::v1::Config& config, const Places& places,
              const std::vector<std::string>& services, Problems& problems);

// Whether the URL of a database holds a password.
bool HasPassword(const std::string& url);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CONFIG_VALIDATE_H_
