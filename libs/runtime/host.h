// A process that hosts modules: wires them, starts them as what they need
// comes to be there, serves them on gRPC and HTTP, says how it is, and drains.
//
//   GET /healthz   200 while the process runs
//   GET /readyz    200 when everything it needs is there, else 503; JSON, which
//                  tells of remote services too (readiness.h)
//   GET /metrics   Prometheus
//   POST /<service>/<method>   the RPC contracts as JSON (http/connect.h)
//
// With config.loops above 1 there is a host on each loop, made and driven by
// the first loop's: side_loops.h says what each has. All that is said below is
// then of all of them together.
//
// Loop thread only. Made, used and destroyed outside EventLoop::Run() or
// within; destroyed only after Drain() has settled.
#ifndef MILLRACE_RUNTIME_HOST_H_
#define MILLRACE_RUNTIME_HOST_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "bus/transport.h"
#include "http/router.h"
#include "http/server.h"
#include "loop/abort.h"
#include "loop/loop_ref.h"
#include "loop/task_group.h"
#include "loop/timeline.h"
#include "loop/watchdog.h"
#include "otlp/export_thread.h"
#include "rpc/engine.h"
#include "rpc/server.h"
#include "runtime/bus_host.h"
#include "runtime/call_limiter.h"
#include "runtime/data_dir.h"
#include "runtime/host_tls.h"
#include "runtime/hosted_module.h"
#include "runtime/loop_metrics.h"
#include "runtime/module.h"
#include "runtime/pipeline.h"
#include "runtime/prometheus.h"
#include "runtime/readiness.h"
#include "runtime/remote_watch.h"
#include "runtime/side_loops.h"
#include "runtime/tracing.h"
#include "runtime/wiring.h"

namespace millrace::runtime {

class BusRpc;
class TokenIdentity;
class TokenKeys;
class TraceRpc;

struct HostOptions {
  Config config;                       // as LoadConfig() gave it
  std::vector<ModuleFactory> modules;  // called on every loop's thread
  // The logger of a service, or of "millrace" for the host itself. Any thread.
  std::function<Logger&(const std::string& service)> logger;
  // In place of that of the configuration, for tests. Outlives the host.
  bus::Transport* transport = nullptr;
  const Clock* clock = nullptr;
  // Called on the thread of each loop that the host makes: for its handlers.
  std::function<void(EventLoop&)> on_loop;
  // Told of what the watchdog finds, on its thread; besides the log.
  std::function<void(const Overrun&)> on_overrun;
  // What becomes of spans; made by Create() of the configuration when null.
  std::shared_ptr<Tracing> tracing;
  // Of all loops' calls; made by Create() of config.calls when null. Its limits
  // may be set while the host runs, on any thread.
  std::shared_ptr<CallLimiter> limiter;
  // What config names, read by Create().
  HostTls tls;
};

class Host {
 public:
  // Wires what config.services names of the modules. INVALID_ARGUMENT with all
  // mistakes in the wiring, UNAVAILABLE when config.loop.timeline cannot be
  // written. `loop` and `metrics` outlive the host.
  static absl::StatusOr<std::unique_ptr<Host>> Create(
      EventLoop& loop, PrometheusMetrics& metrics, HostOptions options);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // Listens, then starts everything else. Resolves when all of it is there for
  // the first time, however long that takes. Rejects when it can never be: a
  // port is taken, a schema does not fit, a module refuses. Call once.
  Promise<void> Start();

  // Takes no more work, finishes what there is, and closes: not ready ->
  // nothing accepted -> calls finished -> subscriptions finished and committed
  // -> modules stopped -> outboxes emptied -> transport -> databases. Each step
  // has a share of config.drain_timeout, and what it does not use goes to the
  // next. Resolves with OK, or with DEADLINE_EXCEEDED naming the steps that
  // were cut off. Also right after a Start() that failed. Call once.
  Promise<absl::Status> Drain();

  // What SideLoops does on another loop: in place of Start(), which resolves
  // when what this loop has is there; and what health checks are told.
  Promise<void> StartBeside(FirstLoop first);
  // By service, "" being all of them.
  using Serving = std::map<std::string, bool>;
  void SetServing(const Serving& serving);

  // What of the configuration may change while the host runs, and puts it in
  // place: on the first loop at once, on others in their next turn.
  static std::vector<std::string> ReloadableSettings();
  void Apply(const Config& next);
  void UpdateLoopMetrics() { loop_metrics_.Update(); }
  rpc::Engine& engine() { return engine_; }

  // The loops of the process, of the first loop's host after Start() was
  // called. Each host is touched on its loop only.
  struct OnLoop {
    std::string name;
    LoopRef loop;
    Host* host;
  };
  std::vector<OnLoop> OnLoops();
  EventLoop& loop() const { return loop_; }
  LoopMetrics& loop_metrics() { return loop_metrics_; }

  // Records this loop on a timeline until StopRecording(). FAILED_PRECONDITION
  // while it is on one already, which may be that of config.loop.timeline.
  absl::Status StartRecording(std::shared_ptr<Timeline> timeline);
  void StopRecording();

  // After Start() was called: host:port.
  std::string http_address() const;
  std::string grpc_address() const;
  const Readiness& readiness() const { return readiness_; }

 private:
  class DrainSteps;

  Host(EventLoop& loop, PrometheusMetrics& metrics, HostOptions options,
       int loop_index);
  static absl::StatusOr<std::unique_ptr<Host>> Make(EventLoop& loop,
                                                    PrometheusMetrics& metrics,
                                                    HostOptions options,
                                                    int loop_index,
                                                    Host* first);

  // `first`: of the first loop, null for itself.
  absl::Status Observe(Host* first);
  absl::Status MakeModules();
  void WarnOfUnused();
  void MakePipeline(std::vector<const ServiceInfo*> services);
  // OK and nothing made when identity.jwks is empty.
  absl::Status MakeIdentity();
  absl::StatusOr<Identity> Identify(const IncomingCall& call) const;
  absl::StatusOr<std::unique_ptr<TokenKeys>> LocalKeys();
  absl::Status MakeSideLoops();
  Promise<void> StartSideLoops();
  // The first loop's; nothing when otlp.endpoint is empty.
  absl::Status StartExport();
  absl::Status Listen();
  absl::Status ListenBeside(const FirstLoop& first);
  absl::Status ListenHttp(PortUse use, int port);
  void AddRoutes();
  Promise<std::pair<bool, std::string>> AskReadiness() const;
  Promise<void> UpdateMetrics();
  // Resolves when the modules run, rejects when they never will.
  Promise<void> ModulesStarted();
  Promise<void> OpenBus();
  Promise<void> RunModule(int index);
  HostedModule::Needs NeedsOf(int index);
  Channel& ChannelTo(const std::string& address);
  // The first loop's.
  void WatchRemotes();
  Serving ServingNow() const;
  // Never rejects.
  Promise<void> TellReadiness(bool ready);
  void Watch();
  Promise<void> CheckAll();

  EventLoop& loop_;
  PrometheusMetrics& metrics_;
  HostOptions options_;
  const SystemClock system_clock_;
  Logger& logger_;
  LoopMetrics loop_metrics_;
  // The first loop's host has them for all. The timeline is null when nothing
  // is recorded.
  std::unique_ptr<Timeline> timeline_;
  std::unique_ptr<Watchdog> watchdog_;
  std::unique_ptr<Timeline::Recording> recording_;
  Watchdog::Watch watch_of_loop_;
  // Of StartRecording(); the timeline goes last.
  std::shared_ptr<Timeline> capture_timeline_;
  std::unique_ptr<Timeline::Recording> capture_;
  Readiness readiness_;
  HostParts parts_;
  std::unique_ptr<DataDir> data_dir_;  // null: nothing is kept there
  // Null: everybody is anonymous.
  std::unique_ptr<TokenKeys> token_keys_;
  std::unique_ptr<TokenIdentity> identity_;
  std::unique_ptr<Pipeline> pipeline_;
  rpc::Engine engine_;
  std::map<std::string, std::unique_ptr<Channel>> channels_;  // by address
  RemoteWatch remotes_;
  BusHost bus_;
  std::unique_ptr<BusRpc> bus_rpc_;
  std::unique_ptr<TraceRpc> trace_rpc_;
  Deferred<void> bus_open_;
  std::vector<std::unique_ptr<HostedModule>> modules_;
  Wiring wiring_;
  http::Router router_;
  std::unique_ptr<http::Server> http_;
  std::unique_ptr<rpc::Server> grpc_;
  FirstLoop first_;                   // of another loop's host
  std::unique_ptr<SideLoops> sides_;  // of the first loop's; null: no others
  std::shared_ptr<rpc::Listener> listener_;
  TaskGroup starting_;
  std::optional<Promise<void>> started_;  // all of starting_
  Deferred<void> first_ready_;
  Timer watch_;
  std::optional<Promise<void>> check_;          // the latest
  std::unique_ptr<TlsReload> tls_reload_;       // the first loop's
  std::unique_ptr<otlp::ExportThread> export_;  // the first loop's, or null
  bool draining_ = false;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_HOST_H_
