#include "rpc/health.h"

#include <map>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "grpc/health/v1/health.pb.h"
#include "loop/combinators.h"
#include "loop/stream.h"

namespace millrace::rpc {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

namespace {

MessagePtr Answer(HealthCheckResponse::ServingStatus status) {
  auto answer = std::make_unique<HealthCheckResponse>();
  answer->set_status(status);
  return answer;
}

struct Watcher {
  std::string service;
  StreamWriter<MessagePtr> writer;
};

// A watcher that has gone away needs no news.
Promise<void> Tell(StreamWriter<MessagePtr> writer, MessagePtr answer) {
  co_await AsStatusOr(writer.Write(std::move(answer)));
}

}  // namespace

struct HealthService::State {
  std::map<std::string, bool, std::less<>> serving;
  std::vector<Watcher> watchers;
  bool closed = false;

  HealthCheckResponse::ServingStatus Of(std::string_view service) const {
    if (service == kAlive) return HealthCheckResponse::SERVING;
    auto found = serving.find(service);
    if (found == serving.end()) return HealthCheckResponse::SERVICE_UNKNOWN;
    return found->second ? HealthCheckResponse::SERVING
                         : HealthCheckResponse::NOT_SERVING;
  }

  void Set(const std::string& service, bool value) {
    auto [entry, added] = serving.try_emplace(service, value);
    if (!added && std::exchange(entry->second, value) == value) return;
    for (Watcher& watcher : watchers) {
      if (watcher.service == service) {
        Tell(watcher.writer, Answer(Of(service))).Detach();
      }
    }
  }

  void Watch(std::string service, StreamWriter<MessagePtr> writer) {
    std::erase_if(watchers, [](const Watcher& w) { return w.writer.closed(); });
    Tell(writer, Answer(Of(service))).Detach();
    if (closed) {
      writer.Fail(absl::UnavailableError("the server is shutting down"));
      return;
    }
    watchers.push_back({std::move(service), std::move(writer)});
  }
};

namespace {

HealthService::State& StateOf(void* service) {
  return **static_cast<std::shared_ptr<HealthService::State>*>(service);
}

Promise<MessagePtr> Check(void* service, const Call&, const Message& request) {
  const std::string& name =
      static_cast<const HealthCheckRequest&>(request).service();
  const auto status = StateOf(service).Of(name);
  if (status == HealthCheckResponse::SERVICE_UNKNOWN) {
    return Promise<MessagePtr>::Reject(
        absl::NotFoundError(StrCat("service ", name, " is not served here")));
  }
  return Promise<MessagePtr>::Resolve(Answer(status));
}

Promise<void> Feed(std::shared_ptr<HealthService::State> state,
                   Stream<MessagePtr> requests,
                   StreamWriter<MessagePtr> writer) {
  auto request = co_await AsStatusOr(requests.Next());
  if (!request.ok() || !request->has_value()) {
    writer.Fail(request.ok() ? absl::UnimplementedError("no request came")
                             : request.status());
    co_return;
  }
  state->Watch(static_cast<const HealthCheckRequest&>(***request).service(),
               std::move(writer));
}

Stream<MessagePtr> Watch(void* service, const Call&,
                         Stream<MessagePtr> requests) {
  Pipe<MessagePtr> pipe = MakePipe<MessagePtr>();
  Feed(*static_cast<std::shared_ptr<HealthService::State>*>(service),
       std::move(requests), pipe.writer)
      .Detach();
  return std::move(pipe.stream);
}

const Message& Request() { return HealthCheckRequest::default_instance(); }
const Message& Response() { return HealthCheckResponse::default_instance(); }
absl::Status NoRules(const Message&) { return absl::OkStatus(); }
const google::protobuf::FileDescriptor* File() {
  return HealthCheckRequest::descriptor()->file();
}

constexpr MethodInfo kMethods[] = {
    {.name = "Check",
     .path = "/grpc.health.v1.Health/Check",
     .kind = MethodKind::kUnary,
     .no_side_effects = true,
     .request = Request,
     .response = Response,
     .validate = NoRules,
     .unary = Check},
    {.name = "Watch",
     .path = "/grpc.health.v1.Health/Watch",
     .kind = MethodKind::kServerStream,
     .request = Request,
     .response = Response,
     .validate = NoRules,
     .stream = Watch},
};

constexpr ServiceInfo kInfo = {"grpc.health.v1.Health", kMethods, File};

}  // namespace

HealthService::HealthService(const std::vector<std::string>& services)
    : state_(std::make_shared<State>()) {
  state_->serving[""] = true;
  for (const std::string& service : services) state_->serving[service] = true;
}

HealthService::~HealthService() { Close(); }

void HealthService::SetServing(bool serving) {
  if (state_->closed) return;
  std::vector<std::string> services;
  for (const auto& [service, value] : state_->serving) {
    services.push_back(service);
  }
  for (const std::string& service : services) state_->Set(service, serving);
}

void HealthService::SetServing(std::string_view service, bool serving) {
  if (!state_->closed) state_->Set(std::string(service), serving);
}

void HealthService::Close() {
  if (state_->closed) return;
  SetServing(false);
  state_->closed = true;
  for (Watcher& watcher : std::exchange(state_->watchers, {})) {
    watcher.writer.Fail(absl::UnavailableError("the server is shutting down"));
  }
}

ServiceBinding HealthService::binding() { return {&kInfo, &state_}; }

}  // namespace millrace::rpc
