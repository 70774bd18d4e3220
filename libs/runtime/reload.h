// How a running process takes a new configuration: on SIGHUP, file, environment
// and flags are read again.
//
// All or nothing. It is refused, and nothing has changed, when the new
// configuration is wrong, when anything in it differs that config.proto does
// not mark `reload`, or when one of the appliers cannot make itself ready. Each
// problem is a line of the log that names its place.
//
// What applies a setting is an applier; there is a list of them in main.cc. To
// make another setting reloadable, mark it in config.proto and name it in the
// applier that puts it in place: CheckComplete() sees that neither is
// forgotten. Those of the host apply on every loop.
//
//   millrace_config_reloads_total{outcome}   applied, unchanged, refused
//
// Loop thread only.
#ifndef MILLRACE_RUNTIME_RELOAD_H_
#define MILLRACE_RUNTIME_RELOAD_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "runtime/config.h"

namespace millrace::runtime {

class Reloader {
 public:
  // Puts in place what was made ready. Cannot fail; dropped uncalled when
  // another applier could not make itself ready.
  using Commit = absl::AnyInvocable<void()>;

  struct Applier {
    std::vector<std::string> settings;  // "log.level": what it applies
    // Makes ready what `next` asks for, without any effect yet. Called for
    // every reload, also when nothing differs: what was set by hand meanwhile
    // becomes again what the configuration says.
    std::function<absl::StatusOr<Commit>(const Config& next)> prepare;
  };

  using Load = std::function<absl::StatusOr<LoadedConfig>()>;

  // `current` is what the process runs with. `logger` and `metrics` outlive it.
  Reloader(Config current, Load load, Logger& logger, Metrics& metrics);

  void Add(Applier applier) { appliers_.push_back(std::move(applier)); }
  // One that needs no preparation.
  void Add(std::vector<std::string> settings,
           std::function<void(const Config& next)> apply);

  // INTERNAL when a setting that is marked `reload` has no applier or two, or
  // an applier names one that is not marked.
  absl::Status CheckComplete() const;

  // OK when what is read is in place now; else nothing has changed, and the
  // message has a line for each reason. Logged and counted either way.
  absl::Status Reload();

 private:
  absl::StatusOr<LoadedConfig> Next(std::vector<std::string>* changes) const;
  absl::Status Put(const Config& next);

  Config current_;
  const Load load_;
  Logger& logger_;
  std::vector<Applier> appliers_;
  Counter& applied_;
  Counter& unchanged_;
  Counter& refused_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_RELOAD_H_
