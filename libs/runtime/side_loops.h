// The other loops of a process that has several: `loops: N` is the first, which
// Host runs on, and N - 1 more, each with a thread and a Host of its own.
//
//   every loop            instances of the modules, pipeline, HTTP server on
//                         the shared port, queue of the shared gRPC server, a
//                         Bus to publish, tail and replay with
//   the first alone       data directory, databases with their migrations, the
//                         relay of each outbox, the transport, the membership
//                         in consumer groups, checks and readiness
//
// So one process is still one member of its groups, one writer per SQLite file
// and one publisher per outbox, and events are handed to the modules of the
// first loop only. A module of another loop shares the database (its promises
// settle on the loop that asked), has an outbox that wakes the first loop's
// relay, and reaches the transport through bus::LoopTransport.
//
// Belongs to the first loop. What it gives the others is in FirstLoop.
#ifndef MILLRACE_RUNTIME_SIDE_LOOPS_H_
#define MILLRACE_RUNTIME_SIDE_LOOPS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bus/transport.h"
#include "loop/loop_group.h"
#include "loop/loop_ref.h"
#include "loop/promise.h"
#include "rpc/engine.h"
#include "rpc/listener.h"
#include "runtime/hosted_module.h"

namespace millrace::runtime {

class Host;

// What the readiness calls the loops beside the first.
inline constexpr char kOtherLoops[] = "loops";

// What the first loop's host shares. All of it outlives the other loops.
struct FirstLoop {
  LoopRef loop;
  Host* host = nullptr;                 // touched on its loop only
  bus::Transport* transport = nullptr;  // the same
  std::shared_ptr<rpc::Listener> listener;
  int http_port = 0;
  std::vector<HostedModule::Shared> modules;  // in the order of the hosts'
};

class SideLoops {
 public:
  // For `loops` loops, of which `first` is one.
  SideLoops(EventLoop& first, int loops);
  // Ends the loops and destroys their hosts. Drain() before.
  ~SideLoops();

  // Called on each other loop's thread.
  using MakeHost = std::function<absl::StatusOr<std::unique_ptr<Host>>(
      EventLoop& loop, int index)>;

  // Makes the threads, the loops and their hosts; blocks until they are made.
  absl::Status Make(const MakeHost& make);

  // Of the hosts, for the gRPC listener.
  std::vector<rpc::Engine*> engines() const;

  // One of the loops, from 1 on, and the host on it.
  LoopRef loop(int index) const { return group_.loop(index); }
  Host* host(int index) const { return hosts_[index]; }
  int size() const { return group_.size(); }

  // Starts the modules everywhere, then their servers. Once the first loop's
  // modules run.
  Promise<void> Start(const FirstLoop& first);

  // What health checks are told that arrive on these loops: by service.
  Promise<void> SetServing(std::map<std::string, bool> serving);

  // Host::Apply() on each.
  Promise<void> Apply(const Config& next);

  // What /metrics says of these loops.
  Promise<void> UpdateMetrics();

  // As Host::Drain() on each, at the same time; rejects when something was cut
  // off, naming loops and steps.
  Promise<void> Drain();

 private:
  // Calls it on each loop, with that loop's host.
  Promise<void> OnEach(const std::function<void(Host&)>& call);

  LoopGroup group_;
  // By index; null for the first. Each is touched on its own loop only.
  std::vector<Host*> hosts_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_SIDE_LOOPS_H_
