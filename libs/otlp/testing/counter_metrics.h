#ifndef MILLRACE_OTLP_TESTING_COUNTER_METRICS_H_
#define MILLRACE_OTLP_TESTING_COUNTER_METRICS_H_

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/strings.h"

namespace millrace::otlp {

// The counters of a test, by "name signal outcome-or-reason", without
// "millrace_otlp_" and what a counter has not. Counting is for any thread.
class CounterMetrics final : public Metrics {
 public:
  struct Value final : Counter {
    void Add(double by) override { value += by; }
    std::atomic<double> value = 0;
  };

  Counter& AddCounter(const std::string& name, const std::string&,
                      const Labels& labels) override {
    std::string key = name.substr(std::string("millrace_otlp_").size());
    for (const char* label : {"signal", "outcome", "reason"}) {
      const auto found = labels.find(label);
      if (found != labels.end()) StrAppend(&key, " ", found->second);
    }
    return values_[key];
  }
  Gauge& AddGauge(const std::string& name, const std::string& help,
                  const Labels& labels) override {
    return none_.AddGauge(name, help, labels);
  }
  Histogram& AddHistogram(const std::string& name, const std::string& help,
                          const Labels& labels,
                          const std::vector<double>& buckets) override {
    return none_.AddHistogram(name, help, labels, buckets);
  }

  double Get(const std::string& key) { return values_[key].value; }

 private:
  std::map<std::string, Value> values_;
  NullMetrics none_;
};

}  // namespace millrace::otlp

#endif  // MILLRACE_OTLP_TESTING_COUNTER_METRICS_H_
