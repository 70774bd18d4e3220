// What becomes of what a module's emitters tell: how long listeners take, as
// metrics (events/listener_metrics.h), which take longer than their budget, as
// lines of the log, and who emitted what and who heard it, as spans of the
// trace (base/span.h).
//
// An emit is a span when it is made within a call, an event's handler or
// another listener, by whatever of them it comes to: also after a wait, by a
// timer or in a tick. What a loop does of itself is of no trace. Loop-bound; it
// outlives the emitters.
#ifndef MILLRACE_RUNTIME_EMITTER_REPORTS_H_
#define MILLRACE_RUNTIME_EMITTER_REPORTS_H_

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/span.h"
#include "events/listener_metrics.h"

namespace millrace::runtime {

class EmitterReports final : public EmitterObserver {
 public:
  // One call or handled event has at most so many spans of emits and listeners;
  // the rest is done without. So one that emits in a loop does not push all
  // other traces out of the ring (span_ring.h).
  static constexpr int kSpansOfOne = 256;

  // All of them outlive it. `spans` may be null: nobody wants any.
  EmitterReports(Metrics& metrics, Logger& logger, const Clock& clock,
                 SpanSink* spans)
      : metrics_(metrics), logger_(logger), clock_(clock), spans_(spans) {}

  // At most one line a minute for each listener: it says how many there were.
  std::unique_ptr<ListenerProbe> Watch(const ListenerInfo& info) override;

  ActivityRef OnEmit(std::string_view emitter, std::string_view event) override;
  void OnEmitEnded(std::string_view emitter, std::string_view event,
                   const Activity& emit, const CallEnd& end) override;

 private:
  ListenerMetrics metrics_;
  Logger& logger_;
  const Clock& clock_;
  SpanSink* const spans_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_EMITTER_REPORTS_H_
