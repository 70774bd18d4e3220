#include "otlp/testing/fake_collector.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "base/gzip.h"
#include "base/status.h"
#include "base/strings.h"

namespace millrace::otlp {
namespace {

namespace collector = ::opentelemetry::proto::collector;

constexpr size_t kMaxBytes = 16 << 20;

http::Response Answered(FakeCollector::Answer answer) {
  http::Response response;
  response.status = answer.status;
  response.headers.Set("content-type", "application/x-protobuf");
  for (const auto& [name, value] : answer.headers) {
    response.headers.Set(name, value);
  }
  response.body = std::move(answer.body);
  return response;
}

}  // namespace

FakeCollector::FakeCollector(EventLoop& loop) {
  for (const char* path : {"/v1/traces", "/v1/metrics"}) {
    router_.Post(path, [this](http::Request request) {
      return Promise<http::Response>::Resolve(Take(request));
    });
  }
  http::ServerOptions options;
  options.port = 0;
  options.limits.max_body_bytes = kMaxBytes;
  server_ = ValueOrThrow(
      http::Server::Start(loop, options, router_, logger_, no_metrics_));
}

FakeCollector::~FakeCollector() = default;

http::HttpUrl FakeCollector::url() const {
  http::HttpUrl url;
  url.host = "127.0.0.1";
  url.port = server_->port();
  return url;
}

std::string FakeCollector::endpoint() const {
  return StrCat("http://127.0.0.1:", server_->port());
}

http::Response FakeCollector::Take(const http::Request& request) {
  ++requests;
  headers = request.headers;
  Answer answer;
  if (!answers.empty()) {
    answer = std::move(answers.front());
    answers.pop_front();
  }
  if (answer.status != 200) return Answered(std::move(answer));
  std::string body = request.body;
  if (request.headers.Get("content-encoding") == "gzip") {
    body = ValueOrThrow(Gunzip(body, kMaxBytes));
  }
  http::Response kept = Keep(request.path, body);
  return kept.status == 200 ? Answered(std::move(answer)) : std::move(kept);
}

http::Response FakeCollector::Keep(const std::string& path,
                                   const std::string& body) {
  if (path == "/v1/traces") {
    collector::trace::v1::ExportTraceServiceRequest request;
    if (!request.ParseFromString(body)) {
      return http::Response::Text(400, "no ExportTraceServiceRequest");
    }
    for (const auto& all : request.resource_spans()) {
      resource = TextsOf(all.resource().attributes());
      services.insert(resource["service.name"]);
      for (const auto& scope : all.scope_spans()) {
        spans.insert(spans.end(), scope.spans().begin(), scope.spans().end());
      }
    }
    return http::Response::Text(200, "");
  }
  collector::metrics::v1::ExportMetricsServiceRequest request;
  if (!request.ParseFromString(body)) {
    return http::Response::Text(400, "no ExportMetricsServiceRequest");
  }
  for (const auto& all : request.resource_metrics()) {
    resource = TextsOf(all.resource().attributes());
    for (const auto& scope : all.scope_metrics()) {
      metrics.insert(metrics.end(), scope.metrics().begin(),
                     scope.metrics().end());
    }
  }
  return http::Response::Text(200, "");
}

const FakeCollector::Span* FakeCollector::Find(const std::string& name,
                                               Span::SpanKind kind) const {
  for (const Span& span : spans) {
    if (span.name() == name && span.kind() == kind) return &span;
  }
  return nullptr;
}

const FakeCollector::Metric* FakeCollector::FindMetric(
    const std::string& name) const {
  // The latest.
  for (auto metric = metrics.rbegin(); metric != metrics.rend(); ++metric) {
    if (metric->name() == name) return &*metric;
  }
  return nullptr;
}

std::map<std::string, std::string> TextsOf(
    const google::protobuf::RepeatedPtrField<
        opentelemetry::proto::common::v1::KeyValue>& attributes) {
  std::map<std::string, std::string> texts;
  for (const auto& attribute : attributes) {
    const auto& value = attribute.value();
    texts[attribute.key()] = value.has_int_value() ? StrCat(value.int_value())
                                                   : value.string_value();
  }
  return texts;
}

std::string HexOf(const std::string& id) { return absl::BytesToHexString(id); }

}  // namespace millrace::otlp
