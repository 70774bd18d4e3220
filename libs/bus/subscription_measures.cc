// What a subscription shows of itself.

#include <algorithm>

#include "base/strings.h"
#include "bus/subscription.h"

namespace millrace::bus {

Subscription::Measures::Measures(Metrics& metrics, const std::string& group,
                                 const std::string& topic)
    : delivered(metrics.AddCounter("millrace_bus_delivered_total",
                                   "Events that a listener has taken.",
                                   {{"group", group}, {"topic", topic}})),
      passed_over(metrics.AddCounter(
          "millrace_bus_passed_over_total",
          "Events that came again and had been finished before.",
          {{"group", group}, {"topic", topic}})),
      expired(metrics.AddCounter("millrace_bus_expired_total",
                                 "Events whose turn came after their expiry.",
                                 {{"group", group}, {"topic", topic}})),
      retries(metrics.AddCounter("millrace_bus_retries_total",
                                 "Attempts to be made again.",
                                 {{"group", group}, {"topic", topic}})),
      dead_letters(metrics.AddCounter("millrace_bus_dead_letters_total",
                                      "Events given up.",
                                      {{"group", group}, {"topic", topic}})),
      in_flight(metrics.AddGauge("millrace_bus_in_flight",
                                 "Records here that are not done with.",
                                 {{"group", group}, {"topic", topic}})),
      left(metrics.AddGauge("millrace_bus_left_records",
                            "Records of slow keys that are to be read again.",
                            {{"group", group}, {"topic", topic}})),
      retrying(metrics.AddGauge("millrace_bus_retrying_keys",
                                "Keys whose event is being tried again.",
                                {{"group", group}, {"topic", topic}})),
      oldest_retry(
          metrics.AddGauge("millrace_bus_oldest_retry_seconds",
                           "Since the first attempt of the event that has "
                           "been tried again for the longest time.",
                           {{"group", group}, {"topic", topic}})),
      working(metrics.AddGauge("millrace_bus_working_lanes",
                               "Keys whose event is with the listener.",
                               {{"group", group}, {"topic", topic}})),
      handler_seconds(metrics.AddHistogram(
          "millrace_bus_handler_seconds", "Time a listener took for an event.",
          {{"group", group}, {"topic", topic}}, LatencyBuckets())) {}

void Subscription::ShowLag(const std::vector<GroupOffset>& offsets) {
  // Partitions that have gone elsewhere have no lag that is ours to tell.
  for (const auto& [partition, gauge] : lags_) gauge->Set(0);
  for (const GroupOffset& offset : offsets) {
    if (!assignments_.contains(offset.partition)) continue;
    Gauge*& gauge = lags_[offset.partition.partition];
    if (gauge == nullptr) {
      gauge = &metrics_.AddGauge(
          "millrace_bus_lag_records",
          "Records of the partition that the group is not done with.",
          {{"group", spec_.group},
           {"topic", spec_.topic},
           {"partition", StrCat(offset.partition.partition)}});
    }
    gauge->Set(static_cast<double>(offset.lag()));
  }
}

void Subscription::ShowHeld() {
  int keys = 0;
  absl::Duration oldest = absl::ZeroDuration();
  for (const auto& [id, assignment] : assignments_) {
    for (const Lane* lane : assignment->work.lanes()) {
      if (lane->jobs.empty()) continue;
      const Job& job = lane->jobs.front();
      if (job.errors.empty()) continue;
      ++keys;
      oldest = std::max(oldest, AgeOf(job));
    }
  }
  measures_.retrying.Set(keys);
  measures_.oldest_retry.Set(absl::ToDoubleSeconds(oldest));
}

}  // namespace millrace::bus
