// What the export counts of itself, by signal ("traces" or "metrics").
//
//   millrace_otlp_requests_total{signal,outcome}   sent, retried, refused
//   millrace_otlp_exported_total{signal}           spans, data points
//   millrace_otlp_dropped_total{signal,reason}     queue_full: none was free
//                                                  refused: by the collector
//                                                  undelivered: it was away for
//                                                  too long, or until the end
#ifndef MILLRACE_OTLP_EXPORT_STATS_H_
#define MILLRACE_OTLP_EXPORT_STATS_H_

#include <string>

#include "base/metrics.h"

namespace millrace::otlp {

Counter& DroppedCounter(Metrics& metrics, const std::string& signal,
                        const std::string& reason);

// `metrics` outlives it. Any thread.
struct ExportStats {
  ExportStats(Metrics& metrics, const std::string& signal);

  Counter& sent;
  Counter& retried;
  Counter& refused_requests;
  Counter& exported;
  Counter& refused;
  Counter& undelivered;
};

}  // namespace millrace::otlp

#endif  // MILLRACE_OTLP_EXPORT_STATS_H_
