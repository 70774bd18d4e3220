// The debug page: what a process is doing at this moment, over HTTP on
// 127.0.0.1.
//
//   GET  /                           a page that shows all of this
//   GET  /debug/process.json         memory, heap, threads, readiness
//   GET  /debug/loops.json           each loop's lag, phases, worker pool
//   GET  /debug/handles.json         what is open on them, and where it was
//                                    made
//   GET  /debug/activities.json      calls and events that are not over, and
//                                    what each waits for
//   GET  /debug/overruns.json        the latest callbacks that blocked a loop
//   GET  /debug/calls.json           metrics of the calls,
//   GET  /debug/bus.json             of subscriptions, lanes and outboxes,
//   GET  /debug/databases.json       of the pools of databases
//   GET  /debug/logs.json            the level of each service
//   POST /debug/logs.json            {"level":"debug"} sets all, {"service":
//                                    "users","level":"debug"} one, until the
//                                    configuration is reloaded
//   GET  /debug/timeline.json        ?seconds=N, up to 60: what the loops do
//                                    from now on, for ui.perfetto.dev
//   GET  /debug/allocations.json     ?seconds=N, up to 60: where memory is
//                                    allocated from now on, by samples
//
// It has a thread and a loop of its own, so that it answers while the others
// are stuck: of a loop that does not answer within a second it says so, and
// who blocks it stands among the overruns.
//
// Whoever may connect may use it, so it listens on 127.0.0.1 alone. Web pages
// may not: a request must name a loopback host, must not come from another
// site, and what it POSTs must be JSON.
#ifndef MILLRACE_RUNTIME_DEBUG_SERVER_H_
#define MILLRACE_RUNTIME_DEBUG_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/logger.h"
#include "loop/event_loop.h"
#include "runtime/host.h"
#include "runtime/logs.h"
#include "runtime/prometheus.h"
#include "runtime/recent_overruns.h"

namespace millrace::runtime {

// All of it outlives the server.
struct DebugSources {
  std::vector<Host::OnLoop> loops;  // the first one's first
  PrometheusMetrics& metrics;
  Logs& logs;
  Logger& logger;
  const RecentOverruns& overruns;
};

// Loop thread of the process's first loop.
class DebugServer {
 public:
  // Listens when it returns. UNAVAILABLE, naming port and flag, when the port
  // is taken.
  static absl::StatusOr<std::unique_ptr<DebugServer>> Start(
      EventLoop& first, int port, const DebugSources& sources);
  // Cuts what is being answered.
  ~DebugServer();
  DebugServer(const DebugServer&) = delete;
  DebugServer& operator=(const DebugServer&) = delete;

  int port() const;

 private:
  class Page;
  struct Impl;
  explicit DebugServer(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_DEBUG_SERVER_H_
