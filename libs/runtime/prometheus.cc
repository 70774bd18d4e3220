#include "runtime/prometheus.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <tuple>

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

void PrometheusMetrics::MeasureProcess() {
  std::lock_guard lock(impl_->stats_mutex);
  if (!impl_->stats) impl_->stats.emplace(*this);
  impl_->stats->Update();
}

std::vector<PrometheusMetrics::Sample> PrometheusMetrics::Samples(
    const std::string& prefix) {
  MeasureProcess();
  std::vector<Sample> samples;
  for (const auto& family : impl_->registry.Collect()) {
    if (!family.name.starts_with(prefix)) continue;
    for (const auto& metric : family.metric) {
      Sample& sample = samples.emplace_back();
      sample.name = family.name;
      for (const auto& label : metric.label) {
        sample.labels.emplace(label.name, label.value);
      }
      sample.histogram = family.type == prometheus::MetricType::Histogram;
      if (sample.histogram) {
        sample.count = metric.histogram.sample_count;
        sample.value = sample.count == 0
                           ? 0
                           : metric.histogram.sample_sum /
                                 static_cast<double>(sample.count);
      } else {
        sample.value = family.type == prometheus::MetricType::Counter
                           ? metric.counter.value
                           : metric.gauge.value;
      }
    }
  }
  std::sort(samples.begin(), samples.end(),
            [](const Sample& one, const Sample& other) {
              return std::tie(one.name, one.labels) <
                     std::tie(other.name, other.labels);
            });
  return samples;
}

std::string PrometheusMetrics::Expose() {
  MeasureProcess();
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace millrace::runtime
