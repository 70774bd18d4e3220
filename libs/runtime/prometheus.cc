#include "runtime/prometheus.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>

#include "base/status.h"
#include "base/strings.h"
#include "runtime/process_stats.h"

namespace millrace::runtime {
namespace {

class CounterAdapter final : public Counter {
 public:
  using Native = prometheus::Counter;
  explicit CounterAdapter(Native& native) : native_(native) {}
  void Add(double by) override { native_.Increment(by); }

 private:
  Native& native_;
};

class GaugeAdapter final : public Gauge {
 public:
  using Native = prometheus::Gauge;
  explicit GaugeAdapter(Native& native) : native_(native) {}
  void Set(double value) override { native_.Set(value); }
  void Add(double by) override { native_.Increment(by); }

 private:
  Native& native_;
};

class HistogramAdapter final : public Histogram {
 public:
  using Native = prometheus::Histogram;
  explicit HistogramAdapter(Native& native) : native_(native) {}
  void Observe(double value) override { native_.Observe(value); }

 private:
  Native& native_;
};

using Key = std::pair<std::string, Metrics::Labels>;

}  // namespace

struct PrometheusMetrics::Impl {
  // The metric of this name and labels, made by `make` when there is none.
  template <typename Adapter, typename Make>
  Adapter& Find(std::map<Key, Adapter>& metrics, const std::string& name,
                const Labels& labels, Make make) {
    std::lock_guard lock(mutex);
    const auto found = metrics.find({name, labels});
    if (found != metrics.end()) return found->second;
    try {
      return metrics.try_emplace({name, labels}, make()).first->second;
    } catch (const std::invalid_argument& error) {
      Throw(absl::InvalidArgumentError(
          StrCat("metric ", name, ": ", error.what())));
    }
  }

  std::mutex mutex;
  prometheus::Registry registry;
  std::map<Key, CounterAdapter> counters;
  std::map<Key, GaugeAdapter> gauges;
  std::map<Key, HistogramAdapter> histograms;
  std::mutex stats_mutex;
  std::optional<ProcessStats> stats;
};

PrometheusMetrics::PrometheusMetrics() : impl_(std::make_unique<Impl>()) {}

PrometheusMetrics::~PrometheusMetrics() = default;

Counter& PrometheusMetrics::AddCounter(const std::string& name,
                                       const std::string& help,
                                       const Labels& labels) {
  return impl_->Find(
      impl_->counters, name, labels, [&]() -> auto& {
        return prometheus::BuildCounter()
            .Name(name)
            .Help(help)
            .Register(impl_->registry)
            .Add(labels);
      });
}

Gauge& PrometheusMetrics::AddGauge(const std::string& name,
                                   const std::string& help,
                                   const Labels& labels) {
  return impl_->Find(
      impl_->gauges, name, labels, [&]() -> auto& {
        return prometheus::BuildGauge()
            .Name(name)
            .Help(help)
            .Register(impl_->registry)
            .Add(labels);
      });
}

Histogram& PrometheusMetrics::AddHistogram(const std::string& name,
                                           const std::string& help,
                                           const Labels& labels,
                                           const std::vector<double>& buckets) {
  return impl_->Find(
      impl_->histograms, name, labels, [&]() -> auto& {
        return prometheus::BuildHistogram()
            .Name(name)
            .Help(help)
            .Register(impl_->registry)
            .Add(labels, buckets);
      });
}

std::string PrometheusMetrics::Expose() {
  {
    std::lock_guard lock(impl_->stats_mutex);
    if (!impl_->stats) impl_->stats.emplace(*this);
    impl_->stats->Update();
  }
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace millrace::runtime
