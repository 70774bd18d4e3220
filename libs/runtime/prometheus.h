// The Metrics of a process, read by Prometheus. The only user of
// prometheus-cpp. Any thread.
#ifndef MILLRACE_RUNTIME_PROMETHEUS_H_
#define MILLRACE_RUNTIME_PROMETHEUS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metric_family.h"
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

  // The metrics whose names begin so, by name, then by labels. Of a histogram
  // the number of observations and their mean.
  struct Sample {
    std::string name;
    Labels labels;
    double value = 0;
    bool histogram = false;
    uint64_t count = 0;  // of a histogram, whose value is the mean
  };
  std::vector<Sample> Samples(const std::string& prefix);

  // Everything there is, by name. What the process itself uses (memory, CPU,
  // descriptors) is measured by this call, and by those below.
  std::vector<MetricFamily> Families();

  // The same in the text format 0.0.4, which knows no examples.
  std::string Expose();
  // The same in the OpenMetrics format: see openmetrics.h.
  std::string ExposeOpenMetrics();

 private:
  struct Impl;

  void MeasureProcess();

  const std::unique_ptr<Impl> impl_;
};

inline constexpr char kMetricsContentType[] =
    "text/plain; version=0.0.4; charset=utf-8";

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_PROMETHEUS_H_
