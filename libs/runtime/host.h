// A process that hosts modules: wires them, starts them as what they need
// comes to be there, serves them on gRPC and HTTP, says how it is, and drains.
//
//   GET /healthz   200 while the process runs
//   GET /readyz    200 when everything it needs is there, else 503; JSON
//   GET /metrics   Prometheus
//   POST /<service>/<method>   the RPC contracts as JSON (http/connect.h)
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
#include <vector>

#include "absl/status/statusor.h"
#include "bus/transport.h"
#include "http/router.h"
#include "http/server.h"
#include "loop/abort.h"
#include "loop/task_group.h"
#include "loop/timeline.h"
#include "loop/watchdog.h"
#include "rpc/engine.h"
#include "rpc/server.h"
#include "runtime/bus_host.h"
#include "runtime/data_dir.h"
#include "runtime/hosted_module.h"
#include "runtime/loop_metrics.h"
#include "runtime/module.h"
#include "runtime/pipeline.h"
#include "runtime/prometheus.h"
#include "runtime/readiness.h"
#include "runtime/wiring.h"
#include "runtime/worker_stats.h"

namespace millrace::runtime {

class BusRpc;

struct HostOptions {
  Config config;  // as LoadConfig() gave it
  std::vector<ModuleFactory> modules;
  // The logger of a service, or of "millrace" for the host itself.
  std::function<Logger&(const std::string& service)> logger;
  // In place of that of the configuration, for tests. Outlives the host.
  bus::Transport* transport = nullptr;
  const Clock* clock = nullptr;
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

  // After Start() was called: host:port.
  std::string http_address() const;
  std::string grpc_address() const;
  const Readiness& readiness() const { return readiness_; }

 private:
  class DrainSteps;

  Host(EventLoop& loop, PrometheusMetrics& metrics, HostOptions options);

  absl::Status OpenTimeline();
  absl::Status MakeModules();
  void WarnOfUnused();
  void MakePipeline(std::vector<const ServiceInfo*> services);
  absl::Status Listen();
  void AddRoutes();
  Promise<void> OpenBus();
  Promise<void> RunModule(int index);
  HostedModule::Needs NeedsOf(int index);
  void TellReadiness(bool ready);
  void Watch();
  Promise<void> CheckAll();

  EventLoop& loop_;
  PrometheusMetrics& metrics_;
  const HostOptions options_;
  const SystemClock system_clock_;
  Logger& logger_;
  LoopMetrics loop_metrics_;
  std::unique_ptr<Timeline> timeline_;
  std::unique_ptr<Timeline::Recording> recording_;
  Watchdog watchdog_;
  Watchdog::Watch watch_of_loop_;
  Readiness readiness_;
  HostParts parts_;
  WorkerStats worker_stats_;
  std::vector<const ContractInfo*> contracts_;
  std::unique_ptr<DataDir> data_dir_;  // null: nothing is kept there
  std::unique_ptr<Pipeline> pipeline_;
  rpc::Engine engine_;
  std::map<std::string, std::unique_ptr<Channel>> channels_;  // by address
  BusHost bus_;
  std::unique_ptr<BusRpc> bus_rpc_;
  Deferred<void> bus_open_;
  std::vector<std::unique_ptr<HostedModule>> modules_;
  Wiring wiring_;
  http::Router router_;
  std::unique_ptr<http::Server> http_;
  std::unique_ptr<rpc::Server> grpc_;
  TaskGroup starting_;
  std::optional<Promise<void>> started_;  // all of starting_
  Deferred<void> first_ready_;
  Timer watch_;
  std::optional<Promise<void>> check_;  // the latest
  bool draining_ = false;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_HOST_H_
