// The way of one signal to a collector: OTLP over HTTP, the body protobuf,
// which is compressed when it is worth it. Loop thread; what it is given
// outlives it.
//
// What passes (no answer, 429, 502, 503, 504) is tried again, with growing
// pauses or when the collector says; what does not is dropped, logged and
// counted (export_stats.h).
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
#ifndef MILLRACE_OTLP_SENDER_H_
#define MILLRACE_OTLP_SENDER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/backoff.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "http/fetch.h"
#include "loop/abort.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "otlp/export_stats.h"
#include "tls/credentials.h"

namespace millrace::otlp {

struct Collector {
  // Without the path of a signal.
  http::HttpUrl url;
  // Of the header of that name; none when empty.
  std::string authorization;
  std::shared_ptr<tls::Credentials> tls;
  // Of one attempt.
  absl::Duration timeout = absl::Seconds(10);
  BackoffPolicy backoff{absl::Seconds(1), absl::Seconds(30), 2};
};

enum class Signal { kTraces, kMetrics };

class Sender {
 public:
  Sender(EventLoop& loop, const Collector& collector, Signal signal,
         Logger& logger, Metrics& metrics);

  // Sends a request with so many spans or data points. Resolves when it has
  // been taken or dropped, the latter after `give_up` or when `end.stop`
  // aborts; never rejects. `end` outlives the promise.
  struct End {
    AbortSignal near;  // pauses are short from now on
    AbortSignal stop;
  };
  Promise<void> Send(std::string body, size_t items, absl::Duration give_up,
                     const End& end);

 private:
  struct Verdict {
    enum class Kind { kTaken, kPasses, kRefused };
    Kind kind = Kind::kTaken;
    std::string why;
    absl::Duration retry_after;  // at least
    int64_t rejected = 0;        // of what was taken
  };

  Verdict Judge(const absl::StatusOr<http::FetchResponse>& response) const;
  Verdict Accepted(const http::FetchResponse& response) const;
  http::FetchRequest RequestOf(std::string body) const;
  absl::Duration PauseAfter(int failures, const Verdict& verdict,
                            bool end_is_near) const;
  // Once for each problem, and once when it has passed.
  void Tell(const Verdict& verdict);

  EventLoop& loop_;
  const Collector& collector_;
  const Signal signal_;
  http::HttpUrl url_;
  Logger& logger_;
  ExportStats stats_;
  std::string problem_;  // the latest that was logged; empty: none
};

}  // namespace millrace::otlp

#endif  // MILLRACE_OTLP_SENDER_H_
