// The Metrics of a process, read by Prometheus. The only user of
// prometheus-cpp. Any thread.
#ifndef MILLRACE_RUNTIME_PROMETHEUS_H_
#define MILLRACE_RUNTIME_PROMETHEUS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"

namespace millrace::runtime {

class PrometheusMetrics final : public Metrics {
 public:
  PrometheusMetrics();
  ~PrometheusMetrics() override;

  // Throw StatusError(INVALID_ARGUMENT) for a name or label that Prometheus
  // does not allow, and for a name that has another kind already.
  Counter& AddCounter(const std::string& name, const std::string& help,
                      const Labels& labels = {}) override;
  Gauge& AddGauge(const std::string& name, const std::string& help,
                  const Labels& labels = {}) override;
  Histogram& AddHistogram(const std::string& name, const std::string& help,
                          const Labels& labels,
                          const std::vector<double>& buckets) override;

  // Everything in the text format 0.0.4. What the process itself uses (memory,
  // CPU, descriptors) is measured by this call.
  std::string Expose();

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

inline constexpr char kMetricsContentType[] =
    "text/plain; version=0.0.4; charset=utf-8";

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_PROMETHEUS_H_
