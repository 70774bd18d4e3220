#include "runtime/recent_overruns.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "runtime/json_writer.h"

namespace millrace::runtime {

void RecentOverruns::Add(const Overrun& overrun) {
  const std::lock_guard lock(mutex_);
  const auto begun =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.overrun.loop == overrun.loop && !entry.overrun.ended;
      });
  if (overrun.ended && begun != entries_.end()) {
    begun->overrun.ended = true;
    begun->overrun.elapsed = overrun.elapsed;
    return;
  }
  entries_.push_front({absl::Now(), overrun});
  if (entries_.size() > kKept) entries_.pop_back();
}

std::string RecentOverruns::ToJson() const {
  const std::lock_guard lock(mutex_);
  JsonWriter json;
  json.BeginArray();
  for (const auto& [reported, overrun] : entries_) {
    json.BeginObject()
        .Member("time", absl::FormatTime("%E4Y-%m-%dT%H:%M:%E3SZ", reported,
                                         absl::UTCTimeZone()))
        .Member("loop", overrun.loop)
        .Member("ended", overrun.ended)
        .Member("seconds", absl::ToDoubleSeconds(overrun.elapsed))
        .Member("handler", overrun.handler)
        .Member("event", overrun.event)
        .Member("trace_id", overrun.trace_id);
    json.Key("stack").BeginArray();
    for (const std::string& frame : overrun.stack) json.Value(frame);
    json.EndArray().EndObject();
  }
  json.EndArray();
  return json.text();
}

}  // namespace millrace::runtime
