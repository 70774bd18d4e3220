// A configuration before it has types: what a file, the environment and flags
// are read into. Plain values; any thread.
#ifndef MILLRACE_RUNTIME_CONFIG_NODE_H_
#define MILLRACE_RUNTIME_CONFIG_NODE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace millrace::runtime {

// Where a value was given: "config.yaml:3:9", "MILLRACE_HTTP_PORT",
// "--http-port".
struct Place {
  enum class Kind { kFile, kEnvironment, kSecretFile, kFlag };
  Kind kind = Kind::kFile;
  std::string text;
};

// Where each value came from, by its path.
using Places = std::map<std::string, Place>;

struct ConfigEntry;

struct ConfigNode {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  Place place;
  std::string text;     // of a scalar
  bool quoted = false;  // a scalar that can only be text
  std::vector<ConfigNode> items;
  std::vector<ConfigEntry> entries;
};

struct ConfigEntry {
  std::string key;
  Place place;  // of the key
  ConfigNode value;
};

// What is wrong, one sentence each, in the order in which it was found.
using Problems = std::vector<std::string>;

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CONFIG_NODE_H_
