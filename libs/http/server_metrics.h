// What an HTTP server counts. Handles on the metrics that it was given.
#ifndef MILLRACE_HTTP_SERVER_METRICS_H_
#define MILLRACE_HTTP_SERVER_METRICS_H_

#include <array>

#include "absl/time/time.h"
#include "base/metrics.h"

namespace millrace::http {

class ServerMetrics {
 public:
  // `metrics` must outlive this.
  explicit ServerMetrics(Metrics& metrics);

  void Answered(int status, absl::Duration took);
  Gauge& connections() { return connections_; }
  Counter& refused_connections() { return refused_connections_; }
  Counter& failed_handshakes() { return failed_handshakes_; }

 private:
  std::array<Counter*, 5> answers_;  // 1xx to 5xx
  Histogram& duration_;
  Gauge& connections_;
  Counter& refused_connections_;
  Counter& failed_handshakes_;
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_SERVER_METRICS_H_
