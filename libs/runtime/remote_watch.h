// Asks the services of other processes that the modules of this one call
// whether they serve, and tells the readiness.
//
// By grpc.health.v1, each service by its name, over the channel that the calls
// take: every readiness_interval while it serves, with a growing pause while it
// does not. One question of a service is under way at a time, whoever looks at
// /readyz. A process without that protocol has answered, which is enough.
//
//   millrace_remote_serving{service}   1 or 0
//
// Loop thread only, of the first loop. Destroyed after Stop() has settled.
#ifndef MILLRACE_RUNTIME_REMOTE_WATCH_H_
#define MILLRACE_RUNTIME_REMOTE_WATCH_H_

#include <string>
#include <vector>

#include "contract/service.h"
#include "loop/promise.h"
#include "loop/task_group.h"
#include "runtime/host_parts.h"

namespace millrace::runtime {

class RemoteWatch {
 public:
  struct Remote {
    std::string service;  // "users.v1.UsersService"
    std::vector<std::string> callers;
    Channel* channel = nullptr;
  };

  // `parts` and the channels outlive it.
  explicit RemoteWatch(HostParts& parts) : parts_(parts) {}

  void Start(std::vector<Remote> remotes);
  // Resolves when nothing is asked any more.
  Promise<void> Stop();

 private:
  static Promise<void> Keep(HostParts& parts, Remote remote, AbortSignal stop);

  HostParts& parts_;
  TaskGroup asking_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_REMOTE_WATCH_H_
