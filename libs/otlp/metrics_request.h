// Metrics as OTLP has them: counters as monotonic sums, gauges, histograms with
// their bounds; all cumulative, under the names that /metrics has. Pure, any
// thread.
#ifndef MILLRACE_OTLP_METRICS_REQUEST_H_
#define MILLRACE_OTLP_METRICS_REQUEST_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/metric_family.h"
#include "opentelemetry/proto/metrics/v1/metrics.pb.h"
#include "otlp/resource.h"

namespace millrace::otlp {

// Since when, and as of when, values count.
struct Period {
  absl::Time start;
  absl::Time end;
};

void Fill(const MetricFamily& family, const Period& period,
          opentelemetry::proto::metrics::v1::Metric* to);

// The bytes of an ExportMetricsServiceRequest.
std::string MetricsRequest(const Resource& resource, const Period& period,
                           const std::vector<MetricFamily>& families);

// How many data points that has.
size_t PointsIn(const std::vector<MetricFamily>& families);

}  // namespace millrace::otlp

#endif  // MILLRACE_OTLP_METRICS_REQUEST_H_
