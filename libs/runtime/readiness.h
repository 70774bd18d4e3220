// What the process needs to do its work, and what of it is there: told to
// /readyz, to gRPC's health checks and to the ready line. Loop thread only.
#ifndef MILLRACE_RUNTIME_READINESS_H_
#define MILLRACE_RUNTIME_READINESS_H_

#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "base/logger.h"

namespace millrace::runtime {

class Readiness {
 public:
  // `logger` outlives it and is told when a need comes or goes.
  explicit Readiness(Logger& logger) : logger_(logger) {}

  // Something that is needed and not yet there, such as "users.database".
  void Need(const std::string& name);
  // OK: it is there.
  void Set(const std::string& name, const absl::Status& status);
  // Never ready again.
  void Drain();

  bool ready() const { return ready_; }
  // OK or what `name` waits for.
  const absl::Status& StatusOf(const std::string& name) const;

  // {"ready":false,"needs":{"bus":{"ok":true},
  //  "users.database":{"ok":false,"error":"..."}}}
  std::string ToJson() const;
  // "users.database: ...; bus: ..."
  std::string Missing() const;

  // Called whenever ready() has changed.
  void OnChange(std::function<void(bool ready)> listener) {
    listener_ = std::move(listener);
  }

 private:
  void Update();

  Logger& logger_;
  std::map<std::string, absl::Status> needs_;
  bool draining_ = false;
  bool ready_ = false;
  std::function<void(bool)> listener_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_READINESS_H_
