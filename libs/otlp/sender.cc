#include "otlp/sender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "base/gzip.h"
#include "base/status.h"
#include "base/strings.h"
#include "contract/errors.h"
#include "loop/combinators.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "otlp/readable.h"

namespace millrace::otlp {
namespace {

namespace collector = ::opentelemetry::proto::collector;

constexpr char kProtobuf[] = "application/x-protobuf";
// Below that a request fits into a packet as it is.
constexpr size_t kGzipFrom = 1024;
// Between attempts while the process ends.
constexpr absl::Duration kLastPauses = absl::Milliseconds(500);
// However long the collector wants to be left alone.
constexpr absl::Duration kLongestPause = absl::Minutes(5);

std::string NameOf(Signal signal) {
  return signal == Signal::kTraces ? "traces" : "metrics";
}

http::HttpUrl UrlOf(const Collector& collector, Signal signal) {
  http::HttpUrl url = collector.url;
  while (url.target.ends_with('/')) url.target.pop_back();
  StrAppend(&url.target, "/v1/", NameOf(signal));
  return url;
}

bool Passes(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

bool IsProtobuf(const http::FetchResponse& response) {
  return response.headers.Get("content-type").starts_with(kProtobuf);
}

// The seconds of Retry-After; its other form, a date, is not looked at.
absl::Duration RetryAfter(const http::FetchResponse& response) {
  int64_t seconds = 0;
  const std::string_view text = response.headers.Get("retry-after");
  if (!absl::SimpleAtoi(ToAbsl(text), &seconds) || seconds < 0) return {};
  return std::min(absl::Seconds(seconds), kLongestPause);
}

// What the collector says of an error: a google.rpc.Status, or some text.
std::string ReasonOf(const http::FetchResponse& response) {
  constexpr size_t kLongest = 200;
  const std::string text =
      IsProtobuf(response)
          ? std::string(MessageOf(StatusFromBytes(response.body)))
          : response.body.substr(0, kLongest);
  return text.empty() ? "" : StrCat(": ", Readable(text));
}

}  // namespace

Sender::Sender(EventLoop& loop, const Collector& collector, Signal signal,
               Logger& logger, Metrics& metrics)
    : loop_(loop),
      collector_(collector),
      signal_(signal),
      url_(UrlOf(collector, signal)),
      logger_(logger),
      stats_(metrics, NameOf(signal)) {}

http::FetchRequest Sender::RequestOf(std::string body) const {
  http::FetchRequest request;
  request.method = "POST";
  request.headers.Add("Content-Type", kProtobuf);
  request.headers.Add("User-Agent", "millrace-otlp");
  if (!collector_.authorization.empty()) {
    request.headers.Add("Authorization", collector_.authorization);
  }
  if (body.size() >= kGzipFrom) {
    request.headers.Add("Content-Encoding", "gzip");
    body = Gzip(body);
  }
  request.body = std::move(body);
  return request;
}

Promise<void> Sender::Send(std::string body, size_t items,
                           absl::Duration give_up, const End& end) {
  const absl::Time until = absl::Now() + give_up;
  const http::FetchRequest request = RequestOf(std::move(body));
  http::FetchOptions options;
  options.timeout = collector_.timeout;
  options.tls = collector_.tls;
  options.signal = end.stop;
  for (int failures = 1; !end.stop.aborted(); ++failures) {
    const absl::StatusOr<http::FetchResponse> response =
        co_await AsStatusOr(http::Exchange(loop_, url_, request, options));
    const Verdict verdict = Judge(response);
    if (end.stop.aborted() && verdict.kind == Verdict::Kind::kPasses) break;
    Tell(verdict);
    if (verdict.kind == Verdict::Kind::kTaken) {
      const auto rejected = static_cast<double>(verdict.rejected);
      stats_.sent.Add();
      stats_.exported.Add(std::max(static_cast<double>(items) - rejected, 0.0));
      stats_.refused.Add(rejected);
      co_return;
    }
    if (verdict.kind == Verdict::Kind::kRefused) {
      stats_.refused_requests.Add();
      stats_.refused.Add(static_cast<double>(items));
      co_return;
    }
    stats_.retried.Add();
    const bool near = end.near.aborted();
    const absl::Duration pause = PauseAfter(failures, verdict, near);
    if (absl::Now() + pause >= until) break;
    const AbortSignal wake =
        near ? end.stop : AbortSignal::Any({end.near, end.stop});
    (void)co_await AsStatusOr(Delay(pause, wake));
  }
  stats_.undelivered.Add(static_cast<double>(items));
}

absl::Duration Sender::PauseAfter(int failures, const Verdict& verdict,
                                  bool end_is_near) const {
  const absl::Duration pause = BackoffAfter(failures, collector_.backoff);
  return std::max(end_is_near ? std::min(pause, kLastPauses) : pause,
                  verdict.retry_after);
}

Sender::Verdict Sender::Judge(
    const absl::StatusOr<http::FetchResponse>& response) const {
  using Kind = Verdict::Kind;
  if (!response.ok()) {
    // A request that may not be sent, or an answer that is too large, does not
    // become better.
    const bool passes =
        response.status().code() == absl::StatusCode::kUnavailable ||
        response.status().code() == absl::StatusCode::kDeadlineExceeded ||
        response.status().code() == absl::StatusCode::kCancelled;
    return {.kind = passes ? Kind::kPasses : Kind::kRefused,
            .why = std::string(MessageOf(response.status()))};
  }
  if (response->status >= 200 && response->status < 300) {
    return Accepted(*response);
  }
  return {.kind = Passes(response->status) ? Kind::kPasses : Kind::kRefused,
          .why = StrCat("it answers ", response->status, ReasonOf(*response)),
          .retry_after = RetryAfter(*response)};
}

Sender::Verdict Sender::Accepted(const http::FetchResponse& response) const {
  Verdict verdict;
  if (!IsProtobuf(response)) return verdict;
  if (signal_ == Signal::kTraces) {
    collector::trace::v1::ExportTraceServiceResponse answer;
    if (!answer.ParseFromString(response.body)) return verdict;
    verdict.rejected = answer.partial_success().rejected_spans();
    verdict.why = answer.partial_success().error_message();
  } else {
    collector::metrics::v1::ExportMetricsServiceResponse answer;
    if (!answer.ParseFromString(response.body)) return verdict;
    verdict.rejected = answer.partial_success().rejected_data_points();
    verdict.why = answer.partial_success().error_message();
  }
  verdict.rejected = std::max<int64_t>(verdict.rejected, 0);
  return verdict;
}

void Sender::Tell(const Verdict& verdict) {
  const bool whole =
      verdict.kind == Verdict::Kind::kTaken && verdict.why.empty();
  if (whole) {
    if (std::exchange(problem_, "").empty()) return;
    return logger_.Info("the collector takes what is exported again",
                        {{"signal", std::string_view(NameOf(signal_))}});
  }
  std::string_view message;
  switch (verdict.kind) {
    case Verdict::Kind::kTaken:
      message = "the collector takes some of what is exported, with a remark";
      break;
    case Verdict::Kind::kPasses:
      message = "the collector cannot be reached; will try again";
      break;
    case Verdict::Kind::kRefused:
      message = "the collector refuses what is exported, which is dropped";
      break;
  }
  const std::string problem = StrCat(message, verdict.why);
  if (problem == problem_) return;
  problem_ = problem;
  const std::string signal = NameOf(signal_);
  const std::string address = StrCat(url_.host, ":", url_.port);
  logger_.Warning(message, {{"signal", std::string_view(signal)},
                            {"collector", std::string_view(address)},
                            {"rejected", verdict.rejected},
                            {"error", std::string_view(verdict.why)}});
}

}  // namespace millrace::otlp
