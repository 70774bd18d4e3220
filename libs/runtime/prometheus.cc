#include "runtime/prometheus.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "absl/time/clock.h"
#include "base/exemplars.h"
#include "base/status.h"
#include "base/strings.h"
#include "runtime/openmetrics.h"
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

// Keeps of each bucket the latest observation that belongs to a sampled trace.
class HistogramAdapter final : public ExemplarHistogram {
 public:
  using Native = prometheus::Histogram;
  HistogramAdapter(Native& native, std::vector<double> bounds)
      : native_(native),
        bounds_(std::move(bounds)),
        examples_(bounds_.size() + 1) {}

  void Observe(double value) override { native_.Observe(value); }

  void ObserveIn(const TraceContext& trace, double value) override {
    native_.Observe(value);
    if (!trace.sampled()) return;
    // Any of those that come at once will do.
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return;
    const size_t bucket =
        std::lower_bound(bounds_.begin(), bounds_.end(), value) -
        bounds_.begin();
    examples_[bucket] = {bucket, value, absl::Now(), trace.trace_id,
                         trace.span_id};
  }

  std::vector<Exemplar> examples() const {
    const std::lock_guard lock(mutex_);
    std::vector<Exemplar> kept;
    for (const Exemplar& example : examples_) {
      if (example.trace_id != TraceId{}) kept.push_back(example);
    }
    return kept;
  }

 private:
  Native& native_;
  const std::vector<double> bounds_;
  mutable std::mutex mutex_;
  std::vector<Exemplar> examples_;  // by bucket; without a trace: none
};

using Key = std::pair<std::string, Metrics::Labels>;

MetricFamily::Kind KindOf(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return MetricFamily::Kind::kCounter;
    case prometheus::MetricType::Histogram:
      return MetricFamily::Kind::kHistogram;
    default:
      return MetricFamily::Kind::kGauge;
  }
}

MetricPoint PointOf(const prometheus::ClientMetric& metric,
                    MetricFamily::Kind kind) {
  MetricPoint point;
  for (const auto& label : metric.label) {
    point.labels.emplace_back(label.name, label.value);
  }
  if (kind != MetricFamily::Kind::kHistogram) {
    point.value = kind == MetricFamily::Kind::kCounter ? metric.counter.value
                                                       : metric.gauge.value;
    return point;
  }
  point.count = metric.histogram.sample_count;
  point.sum = metric.histogram.sample_sum;
  uint64_t below = 0;
  for (const auto& bucket : metric.histogram.bucket) {
    point.counts.push_back(bucket.cumulative_count - below);
    below = bucket.cumulative_count;
    if (!std::isinf(bucket.upper_bound)) {
      point.bounds.push_back(bucket.upper_bound);
    }
  }
  return point;
}

}  // namespace

struct PrometheusMetrics::Impl {
  // The metric of this name and labels, made by `make` when there is none;
  // `more` is for its adapter.
  template <typename Adapter, typename Make, typename... More>
  Adapter& Find(std::map<Key, Adapter>& metrics, const std::string& name,
                const Labels& labels, Make make, const More&... more) {
    std::lock_guard lock(mutex);
    const auto found = metrics.find({name, labels});
    if (found != metrics.end()) return found->second;
    try {
      return metrics.try_emplace({name, labels}, make(), more...).first->second;
    } catch (const std::invalid_argument& error) {
      Throw(absl::InvalidArgumentError(
          StrCat("metric ", name, ": ", error.what())));
    }
  }

  std::vector<Exemplar> ExamplesOf(const std::string& name,
                                   const MetricPoint& point) {
    const std::lock_guard lock(mutex);
    const auto found = histograms.find(
        {name, Labels(point.labels.begin(), point.labels.end())});
    if (found == histograms.end()) return {};
    return found->second.examples();
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
      impl_->histograms, name, labels,
      [&]() -> auto& {
        return prometheus::BuildHistogram()
            .Name(name)
            .Help(help)
            .Register(impl_->registry)
            .Add(labels, buckets);
      },
      buckets);
}

void PrometheusMetrics::MeasureProcess() {
  std::lock_guard lock(impl_->stats_mutex);
  if (!impl_->stats) impl_->stats.emplace(*this);
  impl_->stats->Update();
}

std::vector<MetricFamily> PrometheusMetrics::Families() {
  MeasureProcess();
  std::vector<MetricFamily> families;
  for (const auto& family : impl_->registry.Collect()) {
    MetricFamily& out = families.emplace_back();
    out.name = family.name;
    out.help = family.help;
    out.kind = KindOf(family.type);
    for (const auto& metric : family.metric) {
      MetricPoint& point = out.points.emplace_back(PointOf(metric, out.kind));
      if (out.kind == MetricFamily::Kind::kHistogram) {
        point.exemplars = impl_->ExamplesOf(out.name, point);
      }
    }
  }
  std::sort(families.begin(), families.end(),
            [](const MetricFamily& one, const MetricFamily& other) {
              return one.name < other.name;
            });
  return families;
}

std::vector<PrometheusMetrics::Sample> PrometheusMetrics::Samples(
    const std::string& prefix) {
  std::vector<Sample> samples;
  for (const MetricFamily& family : Families()) {
    if (!family.name.starts_with(prefix)) continue;
    for (const MetricPoint& point : family.points) {
      Sample& sample = samples.emplace_back();
      sample.name = family.name;
      sample.labels.insert(point.labels.begin(), point.labels.end());
      sample.histogram = family.kind == MetricFamily::Kind::kHistogram;
      sample.count = point.count;
      sample.value = point.value;
      if (sample.histogram && point.count > 0) {
        sample.value = point.sum / static_cast<double>(point.count);
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

std::string PrometheusMetrics::ExposeOpenMetrics() {
  return OpenMetricsText(Families());
}

std::string PrometheusMetrics::Expose() {
  MeasureProcess();
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace millrace::runtime
