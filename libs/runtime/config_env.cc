#include "runtime/config_env.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "base/strings.h"
#include "base/suggest.h"
#include "runtime/config_apply.h"
#include "runtime/config_schema.h"

namespace millrace::runtime {
namespace {

constexpr std::string_view kPrefix = "MILLRACE_";
constexpr std::string_view kFileSuffix = "_FILE";

// Variables with our prefix that speak to flags, to the command line, to
// tools/dev and to the tests, not to the configuration.
bool IsForTools(std::string_view name) {
  constexpr std::array<std::string_view, 12> kNames = {
      "MILLRACE_BIN",    "MILLRACE_CACHE",    "MILLRACE_CONFIG",
      "MILLRACE_JOBS",   "MILLRACE_KEEP",     "MILLRACE_KAFKA_JAVA",
      "MILLRACE_PRESET", "MILLRACE_TARGET",   "MILLRACE_SKIP_SANITIZERS",
      "MILLRACE_TLS_CA", "MILLRACE_TLS_CERT", "MILLRACE_TLS_KEY"};
  return name.starts_with("MILLRACE_TEST_") ||
         std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// Kubernetes tells every pod where the services of its namespace are, in
// variables of this form. One called "millrace-users" makes them look ours.
bool IsServiceLink(std::string_view name, std::string_view value) {
  return name.ends_with("_SERVICE_HOST") ||
         name.find("_SERVICE_PORT") != name.npos ||
         (name.find("_PORT") != name.npos &&
          (value.starts_with("tcp://") || name.find("_TCP") != name.npos));
}

std::string Unknown(const std::string& name, const std::string& value,
                    const std::vector<std::string>& services) {
  if (IsServiceLink(name, value)) {
    return StrCat(name, ": unknown variable; Kubernetes sets it for a ",
                  "service, unless the pod has enableServiceLinks: false");
  }
  std::vector<std::string> known;
  for (const std::string& path : Paths(services)) {
    known.push_back(EnvironmentName(path).substr(kPrefix.size()));
  }
  std::string_view word = std::string_view(name).substr(kPrefix.size());
  const bool of_file = word.ends_with(kFileSuffix);
  if (of_file) word.remove_suffix(kFileSuffix.size());
  std::string near = Closest(word, known);
  if (of_file && !near.empty()) near += kFileSuffix;
  if (near.empty()) {
    return StrCat(name, ": unknown variable, and the prefix ", kPrefix,
                  " is for the configuration alone");
  }
  return StrCat(name, ": unknown variable; did you mean '", kPrefix, near,
                "'?");
}

}  // namespace

bool ReadFile(const std::string& path, std::string* content,
              std::string* error) {
  // One can be opened, and nothing says that it has no content.
  struct stat found;
  if (stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) {
    *error = std::strerror(EISDIR);
    return false;
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || file.bad() || text.bad()) {
    *error = errno != 0 ? std::strerror(errno) : "it is empty or no file";
    return false;
  }
  *content = text.str();
  return true;
}

std::vector<ConfigNode> FromEnvironment(
    const std::vector<std::pair<std::string, std::string>>& environment,
    const std::vector<std::string>& services, Problems& problems) {
  std::vector<ConfigNode> nodes;
  std::map<std::string, std::string> variable_of;
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(kPrefix) || IsForTools(name)) continue;
    Place place{Place::Kind::kEnvironment, name};
    std::string text = value;
    std::optional<std::string> path = PathOfEnvironment(name);
    if (!path && name.ends_with(kFileSuffix)) {
      path = PathOfEnvironment(
          std::string_view(name).substr(0, name.size() - kFileSuffix.size()));
      std::string error;
      if (path && !ReadFile(value, &text, &error)) {
        problems.push_back(
            StrCat(name, ": cannot read '", value, "': ", error));
        continue;
      }
      place.kind = Place::Kind::kSecretFile;
      // Editors and `echo` end a file with a newline.
      if (text.ends_with('\n')) text.pop_back();
      if (text.ends_with('\r')) text.pop_back();
      if (path && text.empty()) {
        problems.push_back(StrCat(name, ": '", value,
                                  "' is empty; write the value into it, or "
                                  "unset the variable"));
        continue;
      }
    }
    if (!path) {
      problems.push_back(Unknown(name, value, services));
      continue;
    }
    const auto [other, fresh] = variable_of.emplace(*path, name);
    if (!fresh) {
      problems.push_back(StrCat(name, ": ", *path, " is already set by ",
                                other->second, "; keep one of them"));
      continue;
    }
    nodes.push_back(NodeFor(*path, text, place));
  }
  return nodes;
}

}  // namespace millrace::runtime
