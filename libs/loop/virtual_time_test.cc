#include "loop/testing/virtual_time.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "loop/testing/await.h"
#include "loop/worker_pool.h"

namespace millrace {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

TEST(VirtualTimeTest, HoursPassAtOnceAndTimersFireOnTheMillisecond) {
  EventLoop loop;
  VirtualTime time(loop, kStart);
  std::vector<int64_t> fired;
  for (const int64_t ms : {5'000, 1, 86'400'000, 5'000, 77}) {
    loop.SetTimeout(absl::Milliseconds(ms), [&fired, &time] {
      fired.push_back(absl::ToInt64Milliseconds(time.elapsed()));
    });
  }
  const absl::Time began = absl::Now();
  loop.Run();
  EXPECT_EQ(fired, (std::vector<int64_t>{1, 77, 5'000, 5'000, 86'400'000}));
  EXPECT_LT(absl::Now() - began, absl::Hours(1));
  EXPECT_EQ(loop.Now(), kStart + absl::Hours(24));
  EXPECT_EQ(loop.TimeMs(), 86'400'000);
}

TEST(VirtualTimeTest, TheWallClockIsSetWithoutTheTimers) {
  EventLoop loop;
  VirtualTime time(loop, kStart);
  loop.SetTimeout(absl::Seconds(10),
                  [&time] { time.SetWallBy(absl::Hours(-1)); });
  bool late = false;
  loop.SetTimeout(absl::Seconds(20), [&] {
    late = true;
    EXPECT_EQ(loop.Now(), kStart + absl::Seconds(20) - absl::Hours(1));
    EXPECT_EQ(time.elapsed(), absl::Seconds(20));
  });
  loop.Run();
  EXPECT_TRUE(late);
}

TEST(VirtualTimeTest, AWaitThatNoTimerCanHoldGoesWhenItHasEnded) {
  EventLoop loop;
  VirtualTime time(loop, kStart);
  auto token = std::make_shared<int>(1);
  const std::weak_ptr<int> alive = token;
  loop_internal::LongTimeout(absl::Hours(24 * 60),
                             [token = std::move(token)] {});
  loop.Run();
  EXPECT_EQ(time.elapsed(), absl::Hours(24 * 60));
  EXPECT_TRUE(alive.expired());
}

// The work takes some real time, in which virtual time does not pass.
TEST(VirtualTimeTest, StandsStillWhileWorkersWork) {
  EventLoop loop;
  VirtualTime time(loop, kStart);
  bool tick = false;
  loop.SetTimeout(absl::Milliseconds(1), [&tick] { tick = true; });
  const auto done = AwaitOn(loop, loop.workers().Run([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    return 7;
  }));
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(*done, 7);
  EXPECT_FALSE(tick);
  EXPECT_EQ(time.elapsed(), absl::ZeroDuration());
}

TEST(VirtualTimeTest, AThreadThatPostsWakesALoopWithoutTimers) {
  EventLoop loop;
  VirtualTime time(loop, kStart);
  loop.AddRef("test");
  std::thread other(
      [&loop] { loop.Post([&loop] { loop.ReleaseRef("test"); }); });
  loop.Run();
  other.join();
  EXPECT_EQ(time.elapsed(), absl::ZeroDuration());
}

}  // namespace
}  // namespace millrace
