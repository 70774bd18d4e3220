// Metrics as they stood at one moment, for whoever hands them on: all series of
// one name, with their kind. Plain values.
#ifndef MILLRACE_BASE_METRIC_FAMILY_H_
#define MILLRACE_BASE_METRIC_FAMILY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/span.h"

namespace millrace {

// An observation and the work it was made in.
struct Exemplar {
  size_t bucket = 0;  // of its histogram
  double value = 0;
  absl::Time time;
  TraceId trace_id{};
  SpanId span_id{};
};

struct MetricPoint {
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;  // of a counter or a gauge
  // Of a histogram. The bucket i holds what is above bounds[i - 1] and not
  // above bounds[i]; the last, of counts.size() == bounds.size() + 1, what is
  // above them all.
  uint64_t count = 0;
  double sum = 0;
  std::vector<double> bounds;
  std::vector<uint64_t> counts;
  std::vector<Exemplar> exemplars;  // at most one of each bucket
};

struct MetricFamily {
  enum class Kind : uint8_t { kCounter, kGauge, kHistogram };

  std::string name;
  std::string help;
  Kind kind = Kind::kGauge;
  std::vector<MetricPoint> points;  // values are since the process began
};

}  // namespace millrace

#endif  // MILLRACE_BASE_METRIC_FAMILY_H_
