#include "loop/live_activities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "loop/activity.h"
#include "loop/activity_table.h"
#include "loop/combinators.h"

namespace millrace {
namespace {

using loop_internal::ActivityTable;

Activity::TraceId TraceOf(uint8_t digit) {
  Activity::TraceId id{};
  id.fill(digit);
  return id;
}

ActivityRef Make(std::string_view handler, uint8_t digit = 0) {
  return Activity::Make({.kind = "rpc",
                         .handler = handler,
                         .event = "an event",
                         .trace_id = TraceOf(digit)});
}

// Other tests of this program may have left activities behind.
std::vector<Activity::TraceId> TraceIds() {
  std::vector<Activity::TraceId> ids(1000);
  ids.resize(std::min(ids.size(), ActivityTable::TraceIds(ids.data(), 1000)));
  return ids;
}

// For the same reason: a thread begins without any.
template <typename F>
void OnAThread(F f) {
  std::thread(f).join();
}

Promise<void> Wait(AbortSignal end) {
  static_cast<void>(co_await AsStatusOr(Aborted(end)));
}

void TellsWhatALoopWorksOn() {
  EventLoop loop;
  EXPECT_TRUE(LiveActivities(loop).empty());
  AbortController end;
  Promise<void> first, second;
  {
    const ActivityScope scope(Make("first", 0xab));
    first = Wait(end.signal());
  }
  {
    const ActivityScope scope(Make("second"));
    second = Wait(end.signal());
  }
  const std::vector<LiveActivity> live = LiveActivities(loop);
  ASSERT_EQ(live.size(), 2);
  EXPECT_EQ(live[0].kind, "rpc");
  EXPECT_EQ(live[0].handler, "first");
  EXPECT_EQ(live[0].event, "an event");
  EXPECT_EQ(live[0].trace_id, "abababababababababababababababab");
  EXPECT_EQ(live[1].handler, "second");
  EXPECT_EQ(live[1].trace_id, "");
  EXPECT_GE(live[0].age, live[1].age);
  end.Abort(absl::CancelledError("over"));
  loop.Run();
  EXPECT_TRUE(first.settled() && second.settled());
  EXPECT_TRUE(LiveActivities(loop).empty());
}

TEST(LiveActivitiesTest, TellsWhatALoopWorksOnTheOldestFirst) {
  OnAThread(&TellsWhatALoopWorksOn);
}

void EachLoopHasItsOwn() {
  EventLoop loop;
  const ActivityRef here = Make("here", 0xe1);
  const ActivityRef untraced = Make("untraced");
  std::thread([&] {
    EventLoop other;
    EXPECT_TRUE(LiveActivities(other).empty());
    const ActivityRef there = Make("there", 0xe2);
    EXPECT_EQ(LiveActivities(other).size(), 1);
    EXPECT_THAT(TraceIds(),
                testing::IsSupersetOf({TraceOf(0xe1), TraceOf(0xe2)}));
  }).join();
  EXPECT_EQ(LiveActivities(loop).size(), 2);
  EXPECT_THAT(TraceIds(), testing::Contains(TraceOf(0xe1)));
  EXPECT_THAT(TraceIds(), testing::Not(testing::Contains(TraceOf(0xe2))));
  // No more than there is room for, but all are counted.
  Activity::TraceId none = TraceOf(7);
  EXPECT_EQ(ActivityTable::TraceIds(&none, 0), TraceIds().size());
  EXPECT_EQ(none, TraceOf(7));
}

TEST(LiveActivitiesTest, EachLoopHasItsOwnAndTraceIdsAreOfAll) {
  OnAThread(&EachLoopHasItsOwn);
}

// Against a plain list: tables grow, and gaps close.
void GrowsAndShrinks() {
  EventLoop loop;
  const size_t others = TraceIds().size();
  std::mt19937 random(1);
  std::deque<ActivityRef> held;
  int next = 0;
  for (int step = 0; step < 20'000; ++step) {
    // Now more, now less.
    const bool add = random() % 100 < (step / 2'000 % 2 == 0 ? 70u : 30u);
    if (add || held.empty()) {
      held.push_back(Make(std::to_string(next++), 1));
    } else {
      std::swap(held[random() % held.size()], held.back());
      held.pop_back();
    }
    if (step % 500 != 0) continue;
    std::multiset<std::string> expected, found;
    for (const ActivityRef& activity : held) {
      expected.emplace(activity->handler());
    }
    for (const LiveActivity& live : LiveActivities(loop)) {
      found.insert(live.handler);
    }
    ASSERT_EQ(found, expected) << step;
    ASSERT_EQ(ActivityTable::TraceIds(nullptr, 0), others + held.size());
  }
}

TEST(LiveActivitiesTest, NoneIsLostAmongMany) { OnAThread(&GrowsAndShrinks); }

}  // namespace
}  // namespace millrace
