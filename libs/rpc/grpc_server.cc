#include <grpc/grpc.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "loop/worker_pool.h"
#include "rpc/listener_internal.h"
#include "rpc/server_call_internal.h"
#include "rpc/server_internal.h"

namespace millrace::rpc {
namespace {

std::chrono::system_clock::time_point After(absl::Duration bound) {
  return absl::ToChronoTime(
      absl::Now() + std::clamp(bound, absl::ZeroDuration(), absl::Hours(24)));
}

class GrpcServer final : public ServerImpl {
 public:
  explicit GrpcServer(std::shared_ptr<ServerCore> core)
      : core_(std::move(core)), port_(core_->listener->port()) {
    const int posted = core_->listener->core().options.posted_requests;
    for (int i = 0; i < posted; ++i) ServerCall::Post(core_);
    core_->StartListening();
  }

  ~GrpcServer() override {
    core_->builtin.health().Close();
    core_->StopListening();
    // Cancels what is left, at once even while a drain waits for it.
    grpc::Server& server = *core_->listener->core().server;
    grpc_server_cancel_all_calls(server.c_server());
    server.Shutdown(std::chrono::system_clock::now());
  }

  int port() const override { return port_; }
  HealthService& health() override { return core_->builtin.health(); }
  Promise<void> Drain(absl::Duration bound) override {
    WorkerPool& closer = closer_.emplace(
        WorkerPool::Options{.threads = 1, .name = "grpc drain"});
    return RunDrain(core_, closer, bound);
  }

 private:
  static Promise<void> RunDrain(std::shared_ptr<ServerCore> core,
                                WorkerPool& closer, absl::Duration bound);

  const std::shared_ptr<ServerCore> core_;
  const int port_;
  // Of a drain alone: the loop's may be full, which must not refuse it.
  std::optional<WorkerPool> closer_;
};

// `closer` is used at once, not later.
Promise<void> GrpcServer::RunDrain(std::shared_ptr<ServerCore> core,
                                   WorkerPool& closer, absl::Duration bound) {
  core->builtin.health().Close();
  core->FinishBuiltin();
  const int64_t cancelled_before = core->cancelled;
  core->logger.Info("gRPC server is draining", {{"calls", core->count}});
  // Blocks until the calls are over, and cancels what is left at the bound.
  // Of servers that share, the first to come here does it for all, and the
  // others wait for it.
  // (A closure inside a co_await expression is destroyed twice by GCC 12.2.)
  Promise<void> shut_down =
      closer.Run([listener = core->listener, deadline = After(bound)] {
        listener->core().server->Shutdown(deadline);
      });
  co_await std::move(shut_down);
  if (core->count > 0) {
    core->idle.emplace();
    co_await core->idle->promise();
  }
  core->logger.Info("gRPC server has drained",
                    {{"cancelled", core->cancelled - cancelled_before}});
  core->StopListening();
}

}  // namespace

std::unique_ptr<ServerImpl> StartGrpcServer(Engine& engine,
                                            std::shared_ptr<Listener> listener,
                                            Dispatcher& dispatcher,
                                            Logger& logger, Metrics& metrics) {
  return std::make_unique<GrpcServer>(std::make_shared<ServerCore>(
      engine.impl(), std::move(listener), dispatcher, logger, metrics));
}

}  // namespace millrace::rpc
