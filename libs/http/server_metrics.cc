#include "http/server_metrics.h"

#include <algorithm>

#include "base/strings.h"

namespace millrace::http {

ServerMetrics::ServerMetrics(Metrics& metrics)
    : duration_(metrics.AddHistogram(
          "millrace_http_request_duration_seconds",
          "Time from a whole request to its response's first byte", {},
          LatencyBuckets())),
      connections_(metrics.AddGauge("millrace_http_connections",
                                    "HTTP connections that are open")),
      refused_connections_(metrics.AddCounter(
          "millrace_http_refused_connections_total",
          "HTTP connections refused because too many were open")),
      failed_handshakes_(metrics.AddCounter(
          "millrace_http_failed_handshakes_total",
          "HTTP connections that ended before TLS was agreed on")) {
  for (size_t i = 0; i < answers_.size(); ++i) {
    answers_[i] = &metrics.AddCounter("millrace_http_responses_total",
                                      "HTTP responses by class of status",
                                      {{"class", StrCat(i + 1, "xx")}});
  }
}

void ServerMetrics::Answered(int status, absl::Duration took) {
  answers_[std::clamp(status / 100, 1, 5) - 1]->Add();
  duration_.Observe(absl::ToDoubleSeconds(took));
}

}  // namespace millrace::http
