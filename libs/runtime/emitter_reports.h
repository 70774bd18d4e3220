// What becomes of what a module's emitters tell: how long listeners take, as
// metrics (events/listener_metrics.h), and which take longer than their budget,
// as lines of the log. Loop-bound; it outlives the emitters.
#ifndef MILLRACE_RUNTIME_EMITTER_REPORTS_H_
#define MILLRACE_RUNTIME_EMITTER_REPORTS_H_

#include <memory>

#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "events/listener_metrics.h"

namespace millrace::runtime {

class EmitterReports final : public EmitterObserver {
 public:
  // All of them outlive it.
  EmitterReports(Metrics& metrics, Logger& logger, const Clock& clock)
      : metrics_(metrics), logger_(logger), clock_(clock) {}

  // At most one line a minute for each listener: it says how many there were.
  std::unique_ptr<ListenerProbe> Watch(const ListenerInfo& info) override;

 private:
  ListenerMetrics metrics_;
  Logger& logger_;
  const Clock& clock_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_EMITTER_REPORTS_H_
