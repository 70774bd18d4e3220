#include "loop/live_activities.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "loop/activity.h"
#include "loop/activity_table.h"
#include "loop/monotonic.h"

namespace millrace {

using loop_internal::ActivityTable;

std::vector<LiveActivity> LiveActivities(EventLoop& loop) {
  loop.AssertThread();
  const int64_t now = loop_internal::MonotonicNs();
  std::vector<LiveActivity> live;
  ActivityTable::Mine().ForEach([&](const Activity& activity) {
    LiveActivity& added = live.emplace_back();
    added.kind = activity.kind();
    added.handler = activity.handler();
    added.event = activity.event();
    const Activity::TraceId& id = activity.trace_id();
    if (id != Activity::TraceId{}) {
      added.trace_id = absl::BytesToHexString(absl::string_view(
          reinterpret_cast<const char*>(id.data()), id.size()));
    }
    added.age = absl::Nanoseconds(now - activity.start());
  });
  std::sort(live.begin(), live.end(), [](const auto& one, const auto& other) {
    return one.age > other.age;
  });
  return live;
}

}  // namespace millrace
