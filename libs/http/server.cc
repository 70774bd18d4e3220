#include "http/server.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/strings.h"
#include "http/connection.h"
#include "http/serializer.h"
#include "loop/connection_set.h"
#include "tls/connection.h"

namespace millrace::http {
namespace {

// Connections above the limit that are told so; beyond they are just closed.
constexpr size_t kRefusals = 64;

// To who speaks HTTP without.
constexpr std::string_view kSpeaksTls =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 74\r\n"
    "Connection: close\r\n"
    "\r\n"
    "{\"code\":\"invalid_argument\","
    "\"message\":\"this port speaks TLS; use https://\"}";

absl::Status CannotListen(const ServerOptions& options,
                          const absl::Status& why) {
  if (!absl::IsAlreadyExists(why)) return why;
  const std::string address = StrCat(options.host, ":", options.port);
  return absl::UnavailableError(StrCat("address ", address,
                                       " is in use; choose another with ",
                                       options.port_flag));
}

}  // namespace

class Server::Impl final : public ConnectionHost {
 public:
  Impl(EventLoop& loop, ServerOptions options, const Router& router,
       Logger& logger, Metrics& metrics)
      : loop_(loop),
        options_(std::move(options)),
        cors_(options_.cors),
        hsts_(options_.tls == nullptr ? "" : options_.hsts.Value()),
        router_(router),
        logger_(logger),
        metrics_(metrics) {}

  ~Impl() override {
    listener_.reset();
    connections_.Clear([](Connection& each) { each.Detach(); });
  }

  absl::Status Listen() {
    auto listener = TcpListener::Listen(
        loop_, options_.host, options_.port, options_.backlog,
        [this](std::shared_ptr<TcpConnection> socket) {
          Accept(std::move(socket));
        },
        options_.port_use);
    if (!listener.ok()) return CannotListen(options_, listener.status());
    listener_ = *std::move(listener);
    port_ = listener_->port();
    return absl::OkStatus();
  }

  Promise<void> Drain(absl::Duration bound) {
    if (drained_) return drained_->promise();
    drained_.emplace();
    listener_->Close();
    logger_.Info("HTTP server drains",
                 {{"port", port_}, {"connections", connections_.size()}});
    connections_.ForEach([](Connection& each) { each.Drain(); });
    if (connections_.empty()) {
      drained_->Resolve();
    } else {
      connections_.CutAfter(bound, [this] { CutAll(); });
    }
    return drained_->promise();
  }

  int port() const { return port_; }
  size_t connections() const { return connections_.size(); }

  const ServerOptions& options() const override { return options_; }
  const Router& router() const override { return router_; }
  const Cors* cors() const override {
    return options_.cors.origins.empty() ? nullptr : &cors_;
  }
  const std::string& hsts() const override { return hsts_; }
  Logger& logger() override { return logger_; }
  ServerMetrics& metrics() override { return metrics_; }
  bool draining() const override { return drained_.has_value(); }

  std::string_view date() override {
    // A time for each turn of the loop.
    if (std::exchange(date_ms_, loop_.TimeMs()) == loop_.TimeMs()) return date_;
    const absl::Time now = absl::Now();
    const int64_t second = absl::ToUnixSeconds(now);
    if (second != date_second_) {
      date_second_ = second;
      date_ = HttpDate(now);
    }
    return date_;
  }

  absl::Duration now() const override {
    return absl::Milliseconds(loop_.TimeMs());
  }

  void Closed(Connection* connection) override {
    if (!connections_.Remove(connection)) return;
    metrics_.connections().Add(-1);
    if (connections_.empty() && drained_) drained_->Resolve();
  }

 private:
  void Accept(std::shared_ptr<TcpConnection> socket) {
    const size_t open = connections_.size();
    if (open >= options_.max_connections + kRefusals) {
      metrics_.refused_connections().Add();
      return socket->Close();
    }
    std::shared_ptr<tls::Connection> secured;
    if (options_.tls != nullptr) {
      socket = secured = Secure(std::move(socket));
    }
    auto connection =
        std::make_shared<Connection>(this, std::move(socket), secured);
    connections_.Add(connection, SweepInterval());
    metrics_.connections().Add(1);
    connection->Start();
    if (open < options_.max_connections) return;
    metrics_.refused_connections().Add();
    logger_.Warning("HTTP connection refused: too many are open",
                    {{"max_connections", options_.max_connections}});
    connection->RefuseAsTooMany();
  }

  std::shared_ptr<tls::Connection> Secure(
      std::shared_ptr<TcpConnection> socket) {
    tls::AcceptOptions options;
    options.handshake_timeout = options_.handshake_timeout;
    options.plaintext_answer = std::string(kSpeaksTls);
    options.on_handshake = [this](const absl::Status& status) {
      if (status.ok()) return;
      metrics_.failed_handshakes().Add();
      logger_.Debug("TLS handshake failed", {{"error", MessageOf(status)}});
    };
    return tls::Accept(loop_, options_.tls->current(), std::move(socket),
                       std::move(options));
  }

  // A wait may take a quarter of the shortest time-out longer than it says.
  absl::Duration SweepInterval() const {
    const absl::Duration least =
        std::min({options_.header_timeout, options_.body_timeout,
                  options_.idle_timeout, options_.send_timeout});
    return std::clamp(least / 4, absl::Milliseconds(5), absl::Seconds(1));
  }

  void CutAll() {
    logger_.Warning("HTTP server cuts what did not end in time",
                    {{"connections", connections_.size()}});
    connections_.ForEach([](Connection& each) {
      each.Cut(absl::UnavailableError("the server is shutting down"));
    });
  }

  EventLoop& loop_;
  const ServerOptions options_;
  const Cors cors_;
  const std::string hsts_;
  const Router& router_;
  Logger& logger_;
  ServerMetrics metrics_;
  std::unique_ptr<TcpListener> listener_;
  int port_ = 0;
  ConnectionSet<Connection> connections_{loop_};
  std::optional<Deferred<void>> drained_;
  std::string date_;
  int64_t date_ms_ = -1;  // when it was looked at
  int64_t date_second_ = 0;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(EventLoop& loop,
                                                      ServerOptions options,
                                                      const Router& router,
                                                      Logger& logger,
                                                      Metrics& metrics) {
  absl::Status status = options.Validate();
  if (!status.ok()) return status;
  auto impl =
      std::make_unique<Impl>(loop, std::move(options), router, logger, metrics);
  status = impl->Listen();
  if (!status.ok()) return status;
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() = default;

int Server::port() const { return impl_->port(); }

size_t Server::connections() const { return impl_->connections(); }

Promise<void> Server::Drain(absl::Duration bound) {
  return impl_->Drain(bound);
}

}  // namespace millrace::http
