#include "rpc/server.h"

#include <utility>

#include "rpc/listener_internal.h"
#include "rpc/server_internal.h"

namespace millrace::rpc {

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Engine& engine,
                                                      ServerOptions options,
                                                      Dispatcher& dispatcher,
                                                      Logger& logger,
                                                      Metrics& metrics) {
  auto listener = Listener::Open({&engine}, std::move(options), logger);
  if (!listener.ok()) return listener.status();
  return Start(engine, *std::move(listener), dispatcher, logger, metrics);
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    Engine& engine, std::shared_ptr<Listener> listener, Dispatcher& dispatcher,
    Logger& logger, Metrics& metrics) {
  engine.loop().AssertThread();
  std::unique_ptr<ServerImpl> impl;
  if (listener->core().options.transport == Transport::kGrpc) {
    impl = StartGrpcServer(engine, std::move(listener), dispatcher, logger,
                           metrics);
  } else {
    auto started = StartHttp2Server(engine.loop(), std::move(listener),
                                    dispatcher, logger, metrics);
    if (!started.ok()) return started.status();
    impl = *std::move(started);
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<ServerImpl> impl) : impl_(std::move(impl)) {}

Server::~Server() = default;

int Server::port() const { return impl_->port(); }

void Server::SetServing(bool serving) { impl_->health().SetServing(serving); }

void Server::SetServing(std::string_view service, bool serving) {
  impl_->health().SetServing(service, serving);
}

Promise<void> Server::Drain(absl::Duration bound) {
  if (!drain_.has_value()) drain_ = impl_->Drain(bound);
  return *drain_;
}

}  // namespace millrace::rpc
