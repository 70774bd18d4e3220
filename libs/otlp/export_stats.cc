#include "otlp/export_stats.h"

namespace millrace::otlp {
namespace {

Counter& RequestCounter(Metrics& metrics, const std::string& signal,
                        const std::string& outcome) {
  return metrics.AddCounter("millrace_otlp_requests_total",
                            "Requests to the collector, by what came of them.",
                            {{"signal", signal}, {"outcome", outcome}});
}

}  // namespace

Counter& DroppedCounter(Metrics& metrics, const std::string& signal,
                        const std::string& reason) {
  return metrics.AddCounter(
      "millrace_otlp_dropped_total",
      "Spans and data points that the collector did not get.",
      {{"signal", signal}, {"reason", reason}});
}

ExportStats::ExportStats(Metrics& metrics, const std::string& signal)
    : sent(RequestCounter(metrics, signal, "sent")),
      retried(RequestCounter(metrics, signal, "retried")),
      refused_requests(RequestCounter(metrics, signal, "refused")),
      exported(metrics.AddCounter(
          "millrace_otlp_exported_total",
          "Spans and data points that the collector has taken.",
          {{"signal", signal}})),
      refused(DroppedCounter(metrics, signal, "refused")),
      undelivered(DroppedCounter(metrics, signal, "undelivered")) {}

}  // namespace millrace::otlp
