// The part of Host that listens: both faces, and what HTTP serves besides.

#include <memory>
#include <utility>

#include "base/strings.h"
#include "http/connect.h"
#include "http/status_mapping.h"
#include "runtime/config_limits.h"
#include "runtime/config_remote.h"
#include "runtime/host.h"
#include "runtime/openmetrics.h"

namespace millrace::runtime {
namespace {

// Calls that a loop asks gRPC for at a time when others could take them: few,
// so that a busy loop does not keep calls from the others.
constexpr int kRequestsOfOneOfMany = 4;

http::ServerOptions HttpOptions(const Config& config) {
  const config::v1::Http& http = config.http();
  http::ServerOptions options;
  options.host = http.host();
  options.port = http.port();
  options.limits.max_body_bytes = http.limits().max_body_bytes();
  options.limits.max_header_bytes = http.limits().max_header_bytes();
  options.max_connections = ShareOf(http.limits().max_connections(), config);
  options.header_timeout = DurationOf(http.limits().header_timeout());
  options.body_timeout = DurationOf(http.limits().body_timeout());
  options.idle_timeout = DurationOf(http.limits().idle_timeout());
  options.send_timeout = DurationOf(http.limits().send_timeout());
  options.limits.max_request_line_bytes =
      http.limits().max_request_line_bytes();
  options.limits.max_headers = http.limits().max_headers();
  options.max_pipelined = http.limits().max_pipelined();
  options.max_pending_bytes = http.limits().max_pending_bytes();
  options.hsts.max_age = DurationOf(http.hsts().max_age());
  options.hsts.include_subdomains = http.hsts().include_subdomains();
  options.handshake_timeout = DurationOf(http.tls().handshake_timeout());
  options.cors.origins.assign(http.cors().origins().begin(),
                              http.cors().origins().end());
  options.cors.max_age = DurationOf(http.cors().max_age());
  return options;
}

// What the access log and the metrics are told of a response.
absl::Status OutcomeOf(const http::Response& response) {
  if (response.status < 400) return absl::OkStatus();
  return absl::Status(http::CodeOfHttp(response.status),
                      StrCat("answered with HTTP status ", response.status));
}

// `module` outlives it; the rest is its own, for a deadline may leave it
// behind.
Promise<absl::Status> AskModule(HostedModule& module, Route route,
                                const Call& call,
                                std::shared_ptr<http::Request> request,
                                std::shared_ptr<http::Response> response) {
  *response = co_await module.Answer(route, call, std::move(*request));
  co_return OutcomeOf(*response);
}

Promise<http::Response> AnswerRoute(Pipeline& pipeline,
                                    const MethodInfo& method,
                                    HostedModule& module, Route route,
                                    http::Request request) {
  IncomingCall call = http::CallOf(request);
  call.method = &method;
  const auto asked = std::make_shared<http::Request>(std::move(request));
  const auto response = std::make_shared<http::Response>();
  Pipeline::PlainHandler handler = [&module, route, asked,
                                    response](const Call& admitted) {
    return AskModule(module, route, admitted, asked, response);
  };
  co_await pipeline.Plain(std::move(call), std::move(handler));
  co_return std::move(*response);
}

}  // namespace

absl::Status Host::ListenHttp(PortUse use, int port) {
  AddRoutes();
  http::ServerOptions options = HttpOptions(options_.config);
  options.tls = options_.tls.http;
  options.port_use = use;
  options.port = port;
  auto http = http::Server::Start(loop_, std::move(options), router_, logger_,
                                  metrics_);
  if (!http.ok()) return http.status();
  http_ = *std::move(http);
  return absl::OkStatus();
}

absl::Status Host::Listen() {
  const PortUse use =
      sides_ == nullptr ? PortUse::kAlone : PortUse::kShareFirst;
  if (absl::Status status = ListenHttp(use, options_.config.http().port());
      !status.ok()) {
    return status;
  }
  rpc::ServerOptions options = GrpcOptionsOf(options_.config);
  options.tls = options_.tls.grpc;
  std::vector<rpc::Engine*> engines = {&engine_};
  if (sides_ != nullptr) {
    options.posted_requests = kRequestsOfOneOfMany;
    for (rpc::Engine* engine : sides_->engines()) engines.push_back(engine);
  }
  auto listener = rpc::Listener::Open(engines, std::move(options), logger_);
  if (!listener.ok()) return listener.status();
  listener_ = *std::move(listener);
  auto grpc =
      rpc::Server::Start(engine_, listener_, *pipeline_, logger_, metrics_);
  if (!grpc.ok()) return grpc.status();
  grpc_ = *std::move(grpc);
  TellReadiness(false).Detach();
  readiness_.OnChange([this](bool ready) { TellReadiness(ready).Detach(); });
  return absl::OkStatus();
}

void Host::AddRoutes() {
  router_.Get("/healthz", [](http::Request) {
    return Promise<http::Response>::Resolve(http::Response::Text(200, "ok\n"));
  });
  router_.Get("/readyz", [this](http::Request) {
    return AskReadiness().Then([](const std::pair<bool, std::string>& answer) {
      return http::Response::Json(answer.first ? 200 : 503, answer.second);
    });
  });
  router_.Get("/metrics", [this](http::Request request) {
    const bool open = TakesOpenMetrics(request.headers.GetJoined("accept"));
    return UpdateMetrics().Then([this, open] {
      http::Response response = http::Response::Text(
          200, open ? metrics_.ExposeOpenMetrics() : metrics_.Expose());
      response.headers.Set(
          "content-type", open ? kOpenMetricsContentType : kMetricsContentType);
      response.headers.Set("vary", "accept");
      return response;
    });
  });
  for (const auto& module : modules_) {
    for (const Route& route : module->module().Routes()) {
      const MethodInfo& method =
          pipeline_->AddPlain(StrCat(route.method, " ", route.pattern));
      router_.Handle(
          route.method, route.pattern,
          [this, &method, hosted = module.get(), route](http::Request request) {
            return AnswerRoute(*pipeline_, method, *hosted, route,
                               std::move(request));
          });
    }
  }
  http::RpcOptions rpc;
  rpc.max_message_bytes = HttpOptions(options_.config).limits.max_body_bytes;
  http::MountRpc(router_, *pipeline_, rpc);
}

std::string Host::http_address() const {
  return AddressText(options_.config.http().host(), http_->port());
}

std::string Host::grpc_address() const {
  return AddressText(options_.config.grpc().host(), grpc_->port());
}

}  // namespace millrace::runtime
