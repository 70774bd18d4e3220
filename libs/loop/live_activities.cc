#include "loop/live_activities.h"

#include <algorithm>
#include <map>

#include "loop/activity.h"
#include "loop/activity_table.h"
#include "loop/monotonic.h"
#include "loop/wait_note.h"

namespace millrace {

using loop_internal::ActivityTable;

namespace {

using Waits = std::vector<LiveWait>;

// By their activities, the oldest first.
std::map<const Activity*, Waits> AllWaits(int64_t now) {
  std::map<const Activity*, Waits> all;
  WaitNote::ForEach([&](const WaitNote& note) {
    all[note.activity()].push_back(
        {note.kind(), note.what(), absl::Nanoseconds(now - note.start())});
  });
  for (auto& [activity, waits] : all) {
    std::sort(waits.begin(), waits.end(),
              [](const auto& a, const auto& b) { return a.age > b.age; });
  }
  return all;
}

}  // namespace

std::vector<LiveActivity> LiveActivities(EventLoop& loop) {
  loop.AssertThread();
  const int64_t now = loop_internal::MonotonicNs();
  std::map<const Activity*, Waits> waits = AllWaits(now);
  std::vector<LiveActivity> live;
  ActivityTable::Mine().ForEach([&](const Activity& activity) {
    LiveActivity& added = live.emplace_back();
    added.kind = activity.kind();
    added.handler = activity.handler();
    added.event = activity.event();
    added.trace_id = activity.trace_id_hex();
    added.age = absl::Nanoseconds(now - activity.start());
    const auto found = waits.find(&activity);
    if (found != waits.end()) added.waits = std::move(found->second);
  });
  std::sort(live.begin(), live.end(), [](const auto& one, const auto& other) {
    return one.age > other.age;
  });
  return live;
}

std::vector<LiveWait> OtherWaits(EventLoop& loop) {
  loop.AssertThread();
  return AllWaits(loop_internal::MonotonicNs())[nullptr];
}

}  // namespace millrace
