#include "rpc/server.h"

#include <grpc/grpc.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/worker_pool.h"
#include "rpc/listener_internal.h"
#include "rpc/server_call_internal.h"
#include "rpc/wire_internal.h"

namespace millrace::rpc {
namespace {

std::chrono::system_clock::time_point After(absl::Duration bound) {
  return absl::ToChronoTime(
      absl::Now() + std::clamp(bound, absl::ZeroDuration(), absl::Hours(24)));
}

std::unique_ptr<grpc::Server> Build(const ServerOptions& options,
                                    ServerCore* core, int* port) {
  grpc::ServerBuilder builder;
  core->spare_queue = builder.AddCompletionQueue();
  builder.RegisterAsyncGenericService(&core->service);
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT,
                             options.reuse_port ? 1 : 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddListeningPort(options.address,
                           PlainListener(core->engine.queue()->cq()), port);
  return builder.BuildAndStart();
}

}  // namespace

absl::Status ServerOptions::Validate() const {
  if (address.empty()) {
    return absl::InvalidArgumentError(
        StrCat(address_setting, ": the address is empty; give host:port"));
  }
  if (max_message_bytes == 0 ||
      max_message_bytes >
          static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::InvalidArgumentError(
        StrCat("max_message_bytes: ", max_message_bytes,
               " is not between 1 and ", std::numeric_limits<int>::max()));
  }
  if (posted_requests < 1) {
    return absl::InvalidArgumentError(
        StrCat("posted_requests: ", posted_requests, " is not at least 1"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Engine& engine,
                                                      ServerOptions options,
                                                      Dispatcher& dispatcher,
                                                      Logger& logger,
                                                      Metrics& metrics) {
  if (absl::Status valid = options.Validate(); !valid.ok()) return valid;
  if (!options.reuse_port) {
    if (absl::Status free =
            ProbeAddress(options.address, options.address_setting);
        !free.ok()) {
      return free;
    }
  }
  auto core =
      std::make_shared<ServerCore>(engine.impl(), dispatcher, logger, metrics);
  int port = 0;
  core->server = Build(options, core.get(), &port);
  if (core->server == nullptr) {
    return absl::UnavailableError(
        StrCat("address ", options.address,
               " cannot be listened on; choose another with ",
               options.address_setting));
  }
  if (options.address.starts_with("unix:")) port = 0;
  for (int i = 0; i < options.posted_requests; ++i) ServerCall::Post(core);
  core->StartListening();
  logger.Info("gRPC server is listening",
              {{"address", options.address}, {"port", port}});
  return std::unique_ptr<Server>(new Server(std::move(core), port));
}

Server::Server(std::shared_ptr<ServerCore> core, int port)
    : core_(std::move(core)), port_(port) {}

Server::~Server() {
  core_->builtin.health().Close();
  core_->StopListening();
  // Cancels what is left, at once even while a drain waits for it.
  grpc_server_cancel_all_calls(core_->server->c_server());
  core_->server->Shutdown(std::chrono::system_clock::now());
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
  // (A closure inside a co_await expression is destroyed twice by GCC 12.2.)
  Promise<void> shut_down = core->engine.loop().workers().Run(
      [core, deadline = After(bound)] { core->server->Shutdown(deadline); });
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
