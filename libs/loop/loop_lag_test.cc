#include "loop/loop_lag.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"

namespace millrace {
namespace {

constexpr absl::Duration kBlocked = absl::Milliseconds(20);
constexpr int64_t kBlockedNs = 20'000'000;

void Block() { absl::SleepFor(kBlocked); }

class LoopLagTest : public testing::Test {
 protected:
  EventLoop loop_;
  const LoopLag& lag_ = MeasureLag(loop_);
};

TEST_F(LoopLagTest, IsTheSameObjectAtEachCall) {
  EXPECT_EQ(&MeasureLag(loop_), &lag_);
}

TEST_F(LoopLagTest, TellsHowLateTimersFire) {
  loop_.SetTimeout(absl::Milliseconds(1), [] {});
  loop_.SetImmediate([this] {
    loop_.SetTimeout(absl::Milliseconds(2), [] {});
    Block();
  });
  loop_.Run();
  const auto late = lag_.timer_late.snapshot();
  EXPECT_EQ(late.count(), 2);
  // In whole milliseconds, less the delay of the timer.
  EXPECT_GE(late.max(), kBlockedNs - 3'000'000);
}

TEST_F(LoopLagTest, TellsHowLongPostedTasksWait) {
  loop_.SetImmediate([this] {
    loop_.Post([] {});
    Block();
    loop_.Post([] {});
  });
  loop_.Run();
  const auto wait = lag_.post_wait.snapshot();
  // One batch, measured from its first task on.
  EXPECT_EQ(wait.count(), 1);
  EXPECT_GE(wait.max(), kBlockedNs);
}

TEST_F(LoopLagTest, TellsHowLongEachPhaseTakes) {
  loop_.SetTimeout(absl::Milliseconds(1), [this] {
    Block();
    loop_.Post([this] {
      Block();
      loop_.SetImmediate([this] {
        Block();
        loop_.QueueClose(&Block);
      });
    });
  });
  loop_.Run();
  for (const LatencyHistogram* phase :
       {&lag_.timers, &lag_.poll, &lag_.check, &lag_.close}) {
    EXPECT_EQ(phase->snapshot().count(), 1);
    EXPECT_GE(phase->snapshot().max(), kBlockedNs);
  }
}

TEST_F(LoopLagTest, DoesNotCountSleepNorPhasesWithoutCallbacks) {
  loop_.SetTimeout(absl::Milliseconds(30), [] {});
  loop_.Run();
  EXPECT_EQ(lag_.timers.snapshot().count(), 1);
  EXPECT_EQ(lag_.poll.snapshot().count(), 0);
  EXPECT_EQ(lag_.check.snapshot().count(), 0);
  EXPECT_EQ(lag_.close.snapshot().count(), 0);
}

TEST(LoopLag, BeginsWithTheFirstCall) {
  EventLoop loop;
  loop.SetTimeout(absl::Milliseconds(1), [] {});
  loop.Run();
  EXPECT_EQ(MeasureLag(loop).timer_late.snapshot().count(), 0);
}

}  // namespace
}  // namespace millrace
