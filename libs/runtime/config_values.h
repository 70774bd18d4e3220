// The values of a configuration one by one, with their paths: for telling two
// apart and for showing one. Pure; any thread.
#ifndef MILLRACE_RUNTIME_CONFIG_VALUES_H_
#define MILLRACE_RUNTIME_CONFIG_VALUES_H_

#include <string>
#include <vector>

#include "runtime/config.pb.h"

namespace millrace::runtime {

struct ConfigValue {
  std::string path;  // "databases.users.url"
  std::string text;  // of a list: its items, separated by ", "
  bool list = false;
};

// Every value, defaults included, in the order of config.proto; the keys of a
// map in theirs. A hosted service without a database of its own in the
// configuration has the default one. Secrets are among them: see Shown().
std::vector<ConfigValue> ValuesOf(const config::v1::Config& config);

// What may be seen of a value: a secret that is set is "[secret]", and the URL
// of a database has no password in it.
std::string Shown(const std::string& path, const std::string& text);

struct ConfigChange {
  std::string path;
  std::string before;  // as it may be shown; empty, too, where there was none
  std::string after;
};

// What differs, in the order of `before`, then what is only in `after`.
std::vector<ConfigChange> Differences(const config::v1::Config& before,
                                      const config::v1::Config& after);

// Whether a value may change while the process runs, and which all may.
bool Reloadable(const std::string& path);
std::vector<std::string> ReloadablePaths();

// Copies the values that may change, and no others, so that what refers to
// others stays valid.
void TakeReloadable(const config::v1::Config& from, config::v1::Config& to);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CONFIG_VALUES_H_
