// The interface of metrics. Whoever measures is handed a Metrics; the
// runtime's exposes them to Prometheus. Any thread may add and update.
//
// Names follow Prometheus: millrace_<module>_<what>_<unit>, counters end in
// _total, durations are seconds.
#ifndef MILLRACE_BASE_METRICS_H_
#define MILLRACE_BASE_METRICS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace {

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(double by = 1) = 0;  // `by` must not be negative
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
  virtual void Add(double by) = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  virtual ~Metrics() = default;

  // The same name and labels give the same metric. References live as long as
  // the Metrics. A name must keep its kind, help and buckets.
  virtual Counter& AddCounter(const std::string& name, const std::string& help,
                              const Labels& labels = {}) = 0;
  virtual Gauge& AddGauge(const std::string& name, const std::string& help,
                          const Labels& labels = {}) = 0;
  virtual Histogram& AddHistogram(const std::string& name,
                                  const std::string& help, const Labels& labels,
                                  const std::vector<double>& buckets) = 0;
};

// From 0.5 ms to 10 s: for requests and queries.
const std::vector<double>& LatencyBuckets();

// Counts nothing.
class NullMetrics final : public Metrics {
 public:
  NullMetrics();
  ~NullMetrics() override;
  Counter& AddCounter(const std::string&, const std::string&,
                      const Labels&) override;
  Gauge& AddGauge(const std::string&, const std::string&,
                  const Labels&) override;
  Histogram& AddHistogram(const std::string&, const std::string&, const Labels&,
                          const std::vector<double>&) override;

 private:
  std::unique_ptr<Counter> counter_;
  std::unique_ptr<Gauge> gauge_;
  std::unique_ptr<Histogram> histogram_;
};

}  // namespace millrace

#endif  // MILLRACE_BASE_METRICS_H_
