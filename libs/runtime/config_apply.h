// Puts a ConfigNode into the typed configuration. Pure; any thread.
#ifndef MILLRACE_RUNTIME_CONFIG_APPLY_H_
#define MILLRACE_RUNTIME_CONFIG_APPLY_H_

#include <string>

#include "runtime/config.pb.h"
#include "runtime/config_node.h"

namespace millrace::runtime {

// Overwrites what `node` names. Unknown keys, wrong types and secrets in the
// wrong place are added to `problems`.
void Apply(const ConfigNode& node, config::v1::Config& config, Places& places,
           Problems& problems);

// A node that sets one value: "http.port" becomes {http: {port: text}}. For a
// list, `text` holds its items separated by commas.
ConfigNode NodeFor(const std::string& path, const std::string& text,
                   const Place& place);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CONFIG_APPLY_H_
