#include "loop/timer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/event_loop.h"

namespace millrace {
namespace {

using testing::ElementsAre;

class TimerTest : public testing::Test {
 protected:
  Task Log(std::string text) {
    return [this, text] { trace_.push_back(text); };
  }
  void Spin(int ms) {
    const int64_t end = absl::GetCurrentTimeNanos() + ms * int64_t{1000000};
    while (absl::GetCurrentTimeNanos() < end) {
    }
  }

  EventLoop loop_;
  std::vector<std::string> trace_;
};

TEST_F(TimerTest, ListsOfADurationAreFirstInFirstOut) {
  loop_.SetTimeout(absl::Milliseconds(20), Log("20 a"));
  loop_.SetTimeout(absl::Milliseconds(1), Log("1 a"));
  loop_.SetTimeout(absl::Milliseconds(20), Log("20 b"));
  loop_.SetTimeout(absl::Microseconds(1900), Log("1 b"));
  Spin(30);
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("1 a", "1 b", "20 a", "20 b"));
}

TEST_F(TimerTest, DurationsThatNoTimerHasCountAsOneMillisecond) {
  // In one list, so in the order of their start.
  loop_.SetTimeout(absl::Milliseconds(1), Log("1"));
  loop_.SetTimeout(absl::ZeroDuration(), Log("0"));
  loop_.SetTimeout(absl::Seconds(-5), Log("-5 s"));
  loop_.SetTimeout(absl::Hours(24 * 25), Log("25 days"));
  loop_.SetTimeout(absl::InfiniteDuration(), Log("infinite"));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("1", "0", "-5 s", "25 days", "infinite"));
}

TEST_F(TimerTest, ATimerMadeInAPassDoesNotFireInIt) {
  loop_.SetTimeout(absl::Milliseconds(1), [this] {
    loop_.SetTimeout(absl::Milliseconds(1), Log("nested"));
    Spin(5);
    loop_.SetImmediate(Log("immediate"));
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("immediate", "nested"));
}

TEST_F(TimerTest, ClearedTimersDoNotFireAlsoInTheirPass) {
  Timer second;
  loop_.SetTimeout(absl::Milliseconds(1),
                   [&] { loop_.NextTick([&] { second.Clear(); }); });
  second = loop_.SetTimeout(absl::Milliseconds(1), Log("never"));
  loop_.SetTimeout(absl::Milliseconds(1), Log("third"));
  EXPECT_TRUE(second.active());
  loop_.Run();
  EXPECT_FALSE(second.active());
  EXPECT_THAT(trace_, ElementsAre("third"));
}

TEST_F(TimerTest, AnIntervalRunsUntilItClearsItself) {
  Timer timer;
  int runs = 0;
  timer = loop_.SetInterval(absl::Milliseconds(1), [&] {
    if (++runs == 3) timer.Clear();
    EXPECT_EQ(timer.active(), runs < 3);
  });
  loop_.Run();
  EXPECT_EQ(runs, 3);
}

TEST_F(TimerTest, AnIntervalGoesOnAfterAnError) {
  int errors = 0;
  loop_.OnUncaught([&](std::exception_ptr) { ++errors; });
  Timer timer;
  int runs = 0;
  timer = loop_.SetInterval(absl::Milliseconds(1), [&] {
    if (++runs == 2) timer.Clear();
    Throw(absl::UnknownError("x"));
  });
  loop_.Run();
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(errors, 2);
}

TEST_F(TimerTest, RefreshMovesATimerToTheTailOfItsList) {
  Timer first = loop_.SetTimeout(absl::Milliseconds(2), Log("first"));
  loop_.SetTimeout(absl::Milliseconds(2), Log("second"));
  first.Refresh();
  Spin(5);
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("second", "first"));
}

TEST_F(TimerTest, RefreshRevivesAFiredTimerButNotAClearedOne) {
  Timer fired;
  Timer cleared = loop_.SetTimeout(absl::Milliseconds(1), Log("cleared"));
  cleared.Clear();
  int runs = 0;
  fired = loop_.SetTimeout(absl::Milliseconds(1), [&] {
    if (++runs == 1) fired.Refresh();
  });
  loop_.SetTimeout(absl::Milliseconds(30), [&] {
    EXPECT_EQ(runs, 2);
    cleared.Refresh();
    fired.Refresh();
  });
  loop_.Run();
  EXPECT_EQ(runs, 3);
  EXPECT_TRUE(trace_.empty());
}

TEST_F(TimerTest, AnUnrefdTimerFiresWhileSomethingElseKeepsTheLoop) {
  Timer timer = loop_.SetTimeout(absl::Milliseconds(1), Log("unref'd"));
  timer.Unref();
  loop_.SetTimeout(absl::Milliseconds(20), Log("ref'd"));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("unref'd", "ref'd"));
  Timer again = loop_.SetTimeout(absl::Milliseconds(1), Log("again"));
  again.Unref();
  again.Ref();
  loop_.Run();
  EXPECT_EQ(trace_.back(), "again");
}

TEST_F(TimerTest, ACallbackGoesWithItsTimer) {
  auto alive = std::make_shared<int>(0);
  Timer kept = loop_.SetTimeout(absl::Milliseconds(1), [alive] {});
  loop_.SetTimeout(absl::Milliseconds(1), [alive] {});
  EXPECT_EQ(alive.use_count(), 3);
  loop_.Run();
  // The one with a handle could be refreshed.
  EXPECT_EQ(alive.use_count(), 2);
  kept.Clear();
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(TimerTest, ManyDurationsFireInTheOrderOfTheirExpiry) {
  // The list of a duration expires with its first timer. The clock may go on
  // between two starts, so the expiry does not follow from the duration alone.
  std::map<int, int64_t> expiry;
  std::vector<int64_t> fired;
  for (int i = 0; i < 500; ++i) {
    const int ms = 1 + (i * 7919) % 97;
    loop_.SetTimeout(absl::Milliseconds(ms),
                     [&, ms] { fired.push_back(expiry.at(ms)); });
    expiry.try_emplace(ms, loop_.TimeMs() + ms);
  }
  Spin(120);
  loop_.Run();
  ASSERT_EQ(fired.size(), 500u);
  EXPECT_TRUE(std::is_sorted(fired.begin(), fired.end()));
}

// As in Node: it is started once more, and keeps the loop alive, but its
// callback is gone.
TEST_F(TimerTest, RefreshStartsATimerThatWasClearedAfterItHadFired) {
  Timer fired = loop_.SetTimeout(absl::Milliseconds(1), Log("fired"));
  loop_.Run();
  fired.Clear();
  EXPECT_FALSE(fired.active());
  fired.Refresh();
  EXPECT_TRUE(loop_.alive());
  fired.Clear();  // there is no callback to cancel
  EXPECT_TRUE(loop_.alive());
  loop_.Run();
  EXPECT_FALSE(loop_.alive());
  EXPECT_FALSE(fired.active());
  EXPECT_THAT(trace_, ElementsAre("fired"));
}

}  // namespace
}  // namespace millrace
