// Metrics in the text format of OpenMetrics 1.0, with examples: histograms name
// a trace for each bucket that has one.
// https://prometheus.io/docs/specs/om/open_metrics_spec/
//
//   millrace_call_seconds_bucket{method="...",le="0.005"} 7 # {trace_id="..."}
//   ...
//
// Pure, any thread.
#ifndef MILLRACE_RUNTIME_OPENMETRICS_H_
#define MILLRACE_RUNTIME_OPENMETRICS_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/metric_family.h"

namespace millrace::runtime {

inline constexpr char kOpenMetricsContentType[] =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

// Whether an Accept header asks for it. "*/*" does not: who sends that may know
// the older format alone.
bool TakesOpenMetrics(std::string_view accept);

// Names and labels are taken as they are.
std::string OpenMetricsText(const std::vector<MetricFamily>& families);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_OPENMETRICS_H_
