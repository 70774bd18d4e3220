// The observer that fills a histogram for each emitter, event and listener:
//
//   millrace_events_listener_duration_seconds  {emitter, event, listener}
//   millrace_events_listener_overruns_total    {emitter, event, listener}
//
// Listeners of the same three names share a metric, so give names to the kinds
// of listeners and not to each one. Loop-bound; `metrics` outlives the loop,
// the observer its emitters.
#ifndef MILLRACE_EVENTS_LISTENER_METRICS_H_
#define MILLRACE_EVENTS_LISTENER_METRICS_H_

#include <memory>
#include <vector>

#include "base/metrics.h"
#include "events/emitter_observer.h"

namespace millrace {

class ListenerMetrics final : public EmitterObserver {
 public:
  // From 1 us to 1 s: listeners are to be shorter than requests.
  static const std::vector<double>& DefaultBuckets();

  explicit ListenerMetrics(Metrics& metrics,
                           std::vector<double> buckets = DefaultBuckets());

  std::unique_ptr<ListenerProbe> Watch(const ListenerInfo& info) override;

 private:
  Metrics& metrics_;
  const std::vector<double> buckets_;
};

}  // namespace millrace

#endif  // MILLRACE_EVENTS_LISTENER_METRICS_H_
