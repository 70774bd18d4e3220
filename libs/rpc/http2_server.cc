#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/connection_set.h"
#include "loop/tcp.h"
#include "rpc/http2_connection_internal.h"
#include "rpc/listener_internal.h"
#include "rpc/server_internal.h"

namespace millrace::rpc {
namespace {

constexpr int kBacklog = 1024;

class Http2Server final : public ServerImpl, public Http2Host {
 public:
  Http2Server(EventLoop& loop, std::shared_ptr<Listener> listener,
              Dispatcher& dispatcher, Logger& logger, Metrics& metrics)
      : loop_(loop),
        listener_(std::move(listener)),
        calls_(std::make_shared<ServedCalls>(dispatcher, logger, metrics)),
        memory_(options().max_memory_bytes,
                metrics.AddGauge("millrace_rpc_server_memory_bytes",
                                 "What messages of gRPC calls hold while they "
                                 "come in and go out")),
        refused_(metrics.AddCounter(
            "millrace_rpc_server_refused_connections_total",
            "Connections closed because too many were open")) {}

  ~Http2Server() override {
    calls_->builtin.health().Close();
    socket_.reset();
    connections_.Clear([](Http2Connection& each) { each.Detach(); });
    memory_.Report();
    Settle();
  }

  absl::Status Listen() {
    ListenerCore& core = listener_->core();
    const std::string& address = core.options.address;
    // ProbeAddress() has found both to be good.
    const HostAndPort at = *SplitAddress(address);
    int port = std::atoi(at.port.c_str());
    PortUse use = PortUse::kAlone;
    if (core.shared) {
      const bool first = !core.taken.exchange(true);
      use = first ? PortUse::kShareFirst : PortUse::kShareNext;
      if (!first) port = core.port;
    }
    auto socket = TcpListener::Listen(
        loop_, at.host, port, kBacklog,
        [this](std::shared_ptr<TcpConnection> c) { Accept(std::move(c)); },
        use);
    if (!socket.ok()) {
      return absl::UnavailableError(
          StrCat("address ", address, ": ", MessageOf(socket.status()),
                 "; choose another with ", core.options.address_setting));
    }
    socket_ = *std::move(socket);
    core.port = socket_->port();
    calls_->logger.Info("gRPC server is listening",
                        {{"address", address}, {"port", socket_->port()}});
    return absl::OkStatus();
  }

  int port() const override { return socket_->port(); }
  HealthService& health() override { return calls_->builtin.health(); }

  Promise<void> Drain(absl::Duration bound) override {
    drained_.emplace();
    Promise<void> drained = drained_->promise();
    calls_->builtin.health().Close();
    calls_->FinishBuiltin();
    cancelled_before_ = calls_->cancelled;
    calls_->logger.Info("gRPC server is draining", {{"calls", calls_->count}});
    socket_->Close();
    connections_.ForEach([](Http2Connection& each) { each.Drain(); });
    if (connections_.empty()) {
      Settle();
    } else {
      connections_.CutAfter(std::min(bound, absl::Hours(24)),
                            [this] { CutAll(); });
    }
    return drained;
  }

  EventLoop& loop() override { return loop_; }
  const ServerOptions& options() const override {
    return listener_->core().options;
  }
  const std::shared_ptr<ServedCalls>& calls() override { return calls_; }
  Http2Memory& memory() override { return memory_; }

  void Closed(Http2Connection* connection) override {
    if (!connections_.Remove(connection) || !connections_.empty()) return;
    memory_.Report();
    Settle();
  }

 private:
  void Accept(std::shared_ptr<TcpConnection> socket) {
    if (connections_.size() >= options().max_connections) {
      refused_.Add();
      calls_->logger.Warning("gRPC connection refused: too many are open",
                             {{"max_connections", options().max_connections}});
      return socket->Close();
    }
    std::shared_ptr<tls::Connection> secured;
    if (options().tls != nullptr) {
      tls::AcceptOptions tls;
      tls.protocol = tls::Protocol::kHttp2;
      tls.handshake_timeout = options().handshake_timeout;
      tls.on_handshake = [calls = calls_](const absl::Status& status) {
        if (status.ok()) return;
        calls->logger.Debug("TLS handshake failed",
                            {{"error", MessageOf(status)}});
      };
      socket = secured = tls::Accept(loop_, options().tls->current(),
                                     std::move(socket), std::move(tls));
    }
    auto connection =
        std::make_shared<Http2Connection>(this, std::move(socket), secured);
    connections_.Add(connection, SweepInterval());
    connection->Start();
  }

  // A wait may take a quarter of the shortest time-out longer than it says.
  absl::Duration SweepInterval() const {
    const absl::Duration least =
        std::min({options().handshake_timeout, options().keepalive_interval,
                  options().keepalive_timeout, options().request_timeout,
                  options().send_timeout});
    return std::clamp(least / 4, absl::Milliseconds(5),
                      absl::Milliseconds(250));
  }

  void CutAll() {
    connections_.ForEach([](Http2Connection& each) {
      each.CancelCalls(absl::UnavailableError("the server is shutting down"));
    });
  }

  // The drain is over, when there is one.
  void Settle() {
    if (!drained_.has_value() || drained_->settled()) return;
    calls_->logger.Info("gRPC server has drained",
                        {{"cancelled", calls_->cancelled - cancelled_before_}});
    drained_->Resolve();
  }

  EventLoop& loop_;
  const std::shared_ptr<Listener> listener_;
  const std::shared_ptr<ServedCalls> calls_;
  Http2Memory memory_;
  Counter& refused_;
  std::unique_ptr<TcpListener> socket_;
  ConnectionSet<Http2Connection> connections_{loop_,
                                              [this] { memory_.Report(); }};
  std::optional<Deferred<void>> drained_;
  int64_t cancelled_before_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ServerImpl>> StartHttp2Server(
    EventLoop& loop, std::shared_ptr<Listener> listener, Dispatcher& dispatcher,
    Logger& logger, Metrics& metrics) {
  auto server = std::make_unique<Http2Server>(loop, std::move(listener),
                                              dispatcher, logger, metrics);
  if (absl::Status status = server->Listen(); !status.ok()) return status;
  return server;
}

}  // namespace millrace::rpc
