#include "runtime/overrun_log.h"

#include <string>
#include <vector>

#include "absl/strings/str_join.h"

namespace millrace::runtime {
namespace {

void Log(const Overrun& overrun, Logger& logger) {
  std::vector<LogField> fields = {
      {"loop", std::string_view(overrun.loop)},
      {"seconds", absl::ToDoubleSeconds(overrun.elapsed)}};
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) fields.emplace_back(key, std::string_view(value));
  };
  add("handler", overrun.handler);
  add("event", overrun.event);
  add("trace_id", overrun.trace_id);
  const std::string stack = absl::StrJoin(overrun.stack, "\n");
  if (!overrun.ended) add("stack", stack);
  logger.Write(Severity::kWarning,
               overrun.ended ? "a callback has blocked the loop"
                             : "a callback blocks the loop",
               fields);
}

}  // namespace

Watchdog::Report OverrunLog(Logger& logger, Metrics& metrics) {
  Counter& overruns =
      metrics.AddCounter("millrace_loop_overruns_total",
                         "Callbacks that took longer than loop.budget.");
  return [&logger, &overruns](const Overrun& overrun) {
    if (!overrun.ended) overruns.Add();
    Log(overrun, logger);
  };
}

}  // namespace millrace::runtime
