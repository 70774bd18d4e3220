// The part of Host that takes a new configuration: see reload.h.

#include "loop/combinators.h"
#include "runtime/config_values.h"
#include "runtime/host.h"
#include "runtime/host_limits.h"

namespace millrace::runtime {

std::vector<std::string> Host::ReloadableSettings() {
  return {"calls.default_deadline", "calls.max_in_flight", "drain_timeout",
          "log.calls", "readiness_interval"};
}

void Host::Apply(const Config& next) {
  // Those that are read when they are needed.
  TakeReloadable(next, options_.config);
  const Config& config = options_.config;
  pipeline_->SetDefaultDeadline(DurationOf(config.calls().default_deadline()));
  pipeline_->SetMaxInFlight(ShareOf(config.calls().max_in_flight(), config));
  pipeline_->SetLog(CallLogOf(config.log().calls()));
  // A loop that is gone needs it no more.
  if (sides_ != nullptr) (void)AsStatusOr(sides_->Apply(next));
}

}  // namespace millrace::runtime
