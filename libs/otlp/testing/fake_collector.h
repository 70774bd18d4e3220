// A collector for tests: takes OTLP over HTTP on a free port of this machine
// and keeps what it was sent. Loop thread.
#ifndef MILLRACE_OTLP_TESTING_FAKE_COLLECTOR_H_
#define MILLRACE_OTLP_TESTING_FAKE_COLLECTOR_H_

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/logger.h"
#include "base/metrics.h"
#include "http/fetch.h"
#include "http/server.h"
#include "loop/event_loop.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace millrace::otlp {

class FakeCollector {
 public:
  using Span = opentelemetry::proto::trace::v1::Span;
  using Metric = opentelemetry::proto::metrics::v1::Metric;

  // Serves until it is destroyed. `loop` outlives it.
  explicit FakeCollector(EventLoop& loop);
  ~FakeCollector();

  http::HttpUrl url() const;
  std::string endpoint() const;

  // How the next requests are answered, the first one first; then with 200.
  struct Answer {
    int status = 200;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  std::deque<Answer> answers;

  // What was sent in requests that were answered with 200.
  std::vector<Span> spans;
  std::vector<Metric> metrics;
  std::set<std::string> services;  // by the name that they give themselves
  // Of the latest: the resource's attributes, and the request's headers.
  std::map<std::string, std::string> resource;
  http::Headers headers;
  int requests = 0;  // all of them

  // Null when no span has that name and kind.
  const Span* Find(const std::string& name, Span::SpanKind kind) const;
  const Metric* FindMetric(const std::string& name) const;

 private:
  http::Response Take(const http::Request& request);
  http::Response Keep(const std::string& path, const std::string& body);

  NullLogger logger_;
  NullMetrics no_metrics_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
};

// The attributes as text, numbers in decimal.
std::map<std::string, std::string> TextsOf(
    const google::protobuf::RepeatedPtrField<
        opentelemetry::proto::common::v1::KeyValue>& attributes);

// Bytes of an id as digits.
std::string HexOf(const std::string& id);

}  // namespace millrace::otlp

#endif  // MILLRACE_OTLP_TESTING_FAKE_COLLECTOR_H_
