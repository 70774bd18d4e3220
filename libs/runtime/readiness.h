// What the process needs to do its work, and what of it is there: told to
// /readyz, to gRPC's health checks and to the ready line. Loop thread only.
//
// A service of another process is no need: that it is away is told, as
// "degraded", and makes nothing unready. Were it otherwise, one process that is
// away would take all those out of service that call it, also for the calls
// that do not concern it, and two that call each other would never start.
#ifndef MILLRACE_RUNTIME_READINESS_H_
#define MILLRACE_RUNTIME_READINESS_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

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
  // A service of another process, "users.v1.UsersService", that these modules
  // call; not asked yet. And what it was found to be.
  void CallsRemote(const std::string& service,
                   std::vector<std::string> callers);
  void SetRemote(const std::string& service, const absl::Status& status);
  // Never ready again.
  void Drain();

  bool ready() const { return ready_; }
  bool draining() const { return draining_; }
  // A remote service is away.
  bool degraded() const;
  // OK or what `name` waits for.
  const absl::Status& StatusOf(const std::string& name) const;
  // The same of a remote service.
  const absl::Status& StatusOfRemote(const std::string& service) const;

  // {"ready":false,"needs":{"bus":{"ok":true},
  //  "users.database":{"ok":false,"error":"..."}}}
  // and, where remote services are called:
  // {"ready":true,"degraded":true,"needs":{...},
  //  "remotes":{"users.v1.UsersService":{"ok":false,"error":"...",
  //  "callers":["admin"]}}}
  std::string ToJson() const;
  // "users.database: ...; bus: ..."
  std::string Missing() const;

  // Called whenever a need has come or gone, and when the drain begins.
  void OnChange(std::function<void(bool ready)> listener) {
    listener_ = std::move(listener);
  }

 private:
  struct Remote {
    absl::Status status;
    std::vector<std::string> callers;
  };

  void Changed();

  Logger& logger_;
  std::map<std::string, absl::Status> needs_;
  std::map<std::string, Remote> remotes_;  // by service
  bool draining_ = false;
  bool ready_ = false;
  std::function<void(bool)> listener_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_READINESS_H_
