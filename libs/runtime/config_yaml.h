// YAML text as a ConfigNode. The only user of yaml-cpp. Pure; any thread.
#ifndef MILLRACE_RUNTIME_CONFIG_YAML_H_
#define MILLRACE_RUNTIME_CONFIG_YAML_H_

#include <string>

#include "runtime/config_node.h"

namespace millrace::runtime {

// `name` stands in front of line and column in every place. What does not
// parse, a key that is given twice and a second document are added to
// `problems`.
ConfigNode ParseYaml(const std::string& text, const std::string& name,
                     Problems& problems);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CONFIG_YAML_H_
