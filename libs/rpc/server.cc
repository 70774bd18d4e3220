#include "rpc/server.h"

#include <grpc/grpc.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/worker_pool.h"
#include "rpc/listener_internal.h"
#include "rpc/server_call_internal.h"

namespace millrace::rpc {
namespace {

std::chrono::system_clock::time_point After(absl::Duration bound) {
  return absl::ToChronoTime(
      absl::Now() + std::clamp(bound, absl::ZeroDuration(), absl::Hours(24)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Engine& engine,
                                                      ServerOptions options,
                                                      Dispatcher& dispatcher,
                                                      Logger& logger,
                                                      Metrics& metrics) {
  auto listener = Listener::Open({&engine}, std::move(options), logger);
  if (!listener.ok()) return listener.status();
  return Start(engine, *std::move(listener), dispatcher, logger, metrics);
}

std::unique_ptr<Server> Server::Start(Engine& engine,
                                      std::shared_ptr<Listener> listener,
                                      Dispatcher& dispatcher, Logger& logger,
                                      Metrics& metrics) {
  engine.loop().AssertThread();
  const int port = listener->port();
  const int posted = listener->core().options.posted_requests;
  auto core = std::make_shared<ServerCore>(engine.impl(), std::move(listener),
                                           dispatcher, logger, metrics);
  for (int i = 0; i < posted; ++i) ServerCall::Post(core);
  core->StartListening();
  return std::unique_ptr<Server>(new Server(std::move(core), port));
}

Server::Server(std::shared_ptr<ServerCore> core, int port)
    : core_(std::move(core)), port_(port) {}

Server::~Server() {
  core_->builtin.health().Close();
  core_->StopListening();
  // Cancels what is left, at once even while a drain waits for it.
  grpc::Server& server = *core_->listener->core().server;
  grpc_server_cancel_all_calls(server.c_server());
  server.Shutdown(std::chrono::system_clock::now());
}

void Server::SetServing(bool serving) {
  core_->builtin.health().SetServing(serving);
}

void Server::SetServing(std::string_view service, bool serving) {
  core_->builtin.health().SetServing(service, serving);
}

Promise<void> Server::Drain(absl::Duration bound) {
  if (!drain_.has_value()) drain_ = RunDrain(core_, bound);
  return *drain_;
}

Promise<void> Server::RunDrain(std::shared_ptr<ServerCore> core,
                               absl::Duration bound) {
  core->builtin.health().Close();
  for (ServerCall* call : core->builtin_calls) {
    // Health watches end with their last news; reflection has none.
    if (call->target().method->kind != MethodKind::kBidi) continue;
    call->Finish(absl::UnavailableError("the server is shutting down"));
  }
  const int64_t cancelled_before = core->cancelled;
  core->logger.Info("gRPC server is draining", {{"calls", core->calls}});
  // Blocks until the calls are over, and cancels what is left at the bound.
  // Of servers that share, the first to come here does it for all, and the
  // others wait for it.
  // (A closure inside a co_await expression is destroyed twice by GCC 12.2.)
  Promise<void> shut_down = core->engine.loop().workers().Run(
      [listener = core->listener, deadline = After(bound)] {
        listener->core().server->Shutdown(deadline);
      });
  co_await std::move(shut_down);
  if (core->calls > 0) {
    core->idle.emplace();
    co_await core->idle->promise();
  }
  core->logger.Info("gRPC server has drained",
                    {{"cancelled", core->cancelled - cancelled_before}});
  core->StopListening();
}

}  // namespace millrace::rpc
