#include "base/metrics.h"

namespace millrace {
namespace {

struct NullCounter final : Counter {
  void Add(double) override {}
};

struct NullGauge final : Gauge {
  void Set(double) override {}
  void Add(double) override {}
};

struct NullHistogram final : Histogram {
  void Observe(double) override {}
};

}  // namespace

const std::vector<double>& LatencyBuckets() {
  static const auto& buckets =
      *new std::vector<double>{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                               0.1,    0.25,  0.5,    1,     2.5,  5,     10};
  return buckets;
}

NullMetrics::NullMetrics()
    : counter_(std::make_unique<NullCounter>()),
      gauge_(std::make_unique<NullGauge>()),
      histogram_(std::make_unique<NullHistogram>()) {}

NullMetrics::~NullMetrics() = default;

Counter& NullMetrics::AddCounter(const std::string&, const std::string&,
                                 const Labels&) {
  return *counter_;
}

Gauge& NullMetrics::AddGauge(const std::string&, const std::string&,
                             const Labels&) {
  return *gauge_;
}

Histogram& NullMetrics::AddHistogram(const std::string&, const std::string&,
                                     const Labels&,
                                     const std::vector<double>&) {
  return *histogram_;
}

}  // namespace millrace
