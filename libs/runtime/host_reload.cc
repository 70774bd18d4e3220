// The part of Host that takes a new configuration: see reload.h.

#include "base/strings.h"
#include "loop/combinators.h"
#include "runtime/config_limits.h"
#include "runtime/config_values.h"
#include "runtime/host.h"
#include "runtime/host_limits.h"

namespace millrace::runtime {

std::vector<std::string> Host::ReloadableSettings() {
  std::vector<std::string> paths = {
      "calls.default_deadline", "calls.max_in_flight", "calls.proxies",
      "drain_timeout",          "log.calls",           "readiness_interval",
      "traces.sample"};
  for (const char* limit : {"calls.by_address", "calls.by_subject"}) {
    for (const char* part : {"calls", "per", "burst"}) {
      paths.push_back(StrCat(limit, ".", part));
    }
  }
  for (const std::string& path : ReloadablePaths()) {
    if (path.starts_with("settings.")) paths.push_back(path);
  }
  return paths;
}

void Host::Apply(const Config& next) {
  // Those that are read when they are needed.
  TakeReloadable(next, options_.config);
  const Config& config = options_.config;
  pipeline_->SetDefaultDeadline(DurationOf(config.calls().default_deadline()));
  // Of all loops.
  if (parts_.first_loop()) {
    options_.limiter->Set(CallLimitsOf(config));
    options_.tracing->SetRatio(config.traces().sample());
  }
  pipeline_->SetLog(CallLogOf(config.log().calls()));
  for (const auto& module : modules_) module->Reload(config.settings());
  // A loop that is gone needs it no more.
  if (sides_ != nullptr) (void)AsStatusOr(sides_->Apply(next));
}

}  // namespace millrace::runtime
