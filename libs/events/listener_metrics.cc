#include "events/listener_metrics.h"

#include <string>
#include <utility>

namespace millrace {
namespace {

class Probe final : public ListenerProbe {
 public:
  Probe(Histogram& durations, Counter& overruns)
      : durations_(durations), overruns_(overruns) {}

  void OnListenerDone(absl::Duration took) override {
    durations_.Observe(absl::ToDoubleSeconds(took));
  }
  void OnOverBudget(absl::Duration) override { overruns_.Add(); }

 private:
  Histogram& durations_;
  Counter& overruns_;
};

}  // namespace

const std::vector<double>& ListenerMetrics::DefaultBuckets() {
  static const auto& buckets = *new std::vector<double>{
      1e-6, 1e-5, 1e-4, 5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 0.1, 0.5, 1};
  return buckets;
}

ListenerMetrics::ListenerMetrics(Metrics& metrics, std::vector<double> buckets)
    : metrics_(metrics), buckets_(std::move(buckets)) {}

std::unique_ptr<ListenerProbe> ListenerMetrics::Watch(
    const ListenerInfo& info) {
  const Metrics::Labels labels = {{"emitter", std::string(info.emitter)},
                                  {"event", std::string(info.event)},
                                  {"listener", std::string(info.listener)}};
  return std::make_unique<Probe>(
      metrics_.AddHistogram("millrace_events_listener_duration_seconds",
                            "Time for which a listener held its thread.",
                            labels, buckets_),
      metrics_.AddCounter("millrace_events_listener_overruns_total",
                          "Calls of a listener that took longer than its "
                          "budget.",
                          labels));
}

}  // namespace millrace
