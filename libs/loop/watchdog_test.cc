#include "loop/watchdog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "loop/activity.h"
#include "loop/combinators.h"

namespace millrace {
namespace {

constexpr absl::Duration kBudget = absl::Milliseconds(20);

// What the watchdog has told. On a busy machine that is more than what a test
// provokes: tests look for their own.
class Reports {
 public:
  using Matches = std::function<bool(const Overrun&)>;

  Watchdog::Report Receiver() {
    return [this](const Overrun& overrun) {
      std::lock_guard lock(mutex_);
      reports_.push_back(overrun);
    };
  }
  std::vector<Overrun> Find(const Matches& matches) const {
    std::lock_guard lock(mutex_);
    std::vector<Overrun> found;
    for (const Overrun& report : reports_) {
      if (matches(report)) found.push_back(report);
    }
    return found;
  }
  // Blocks the caller until there is one. A system call in each round, so that
  // sanitizers let signals through.
  std::vector<Overrun> Await(const Matches& matches) const {
    const absl::Time end = absl::Now() + absl::Seconds(50);
    while (Find(matches).empty() && absl::Now() < end) {
      absl::SleepFor(absl::Microseconds(100));
    }
    return Find(matches);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Overrun> reports_;
};

bool Mentions(const Overrun& report, std::string_view function) {
  return std::any_of(report.stack.begin(), report.stack.end(),
                     [&](const std::string& line) {
                       return line.find(function) != line.npos;
                     });
}

Reports::Matches Of(std::string handler, bool ended = false) {
  return [handler = std::move(handler), ended](const Overrun& report) {
    return report.handler == handler && report.ended == ended;
  };
}

// Under a name that a stack can be searched for. Returns once the report is
// there.
__attribute__((noinline)) void BlockUntil(const Reports& reports,
                                          const Reports::Matches& matches) {
  reports.Await(matches);
  asm volatile("");  // no tail call
}

ActivityRef Call(std::string_view handler) {
  Activity::TraceId trace{};
  trace.fill(0xab);
  return Activity::Make({.kind = "event",
                         .handler = handler,
                         .event = "users.v1.UserEvents.Created",
                         .trace_id = trace});
}

class WatchdogTest : public testing::Test {
 protected:
  EventLoop loop_;
  Reports reports_;
  Watchdog watchdog_{kBudget, reports_.Receiver()};
  Watchdog::Watch watch_ = watchdog_.Add(loop_, "main");
};

TEST_F(WatchdogTest, NamesAHandlerWhileItRunsAndTellsWhenItHasEnded) {
  {
    const ActivityScope scope(Call("admin.audit"));
    loop_.SetImmediate([this] { BlockUntil(reports_, Of("admin.audit")); });
  }
  loop_.Run();
  const auto begun = reports_.Await(Of("admin.audit"));
  const auto ended = reports_.Await(Of("admin.audit", true));
  ASSERT_EQ(begun.size(), 1);
  ASSERT_EQ(ended.size(), 1);
  EXPECT_GE(begun[0].elapsed, kBudget);
  EXPECT_GE(ended[0].elapsed, begun[0].elapsed);
  for (const Overrun& report : {begun[0], ended[0]}) {
    EXPECT_EQ(report.loop, "main");
    EXPECT_EQ(report.kind, "event");
    EXPECT_EQ(report.event, "users.v1.UserEvents.Created");
    EXPECT_EQ(report.trace_id, "abababababababababababababababab");
    EXPECT_TRUE(Mentions(report, "BlockUntil"))
        << absl::StrJoin(report.stack, "\n");
  }
}

Promise<void> BlockAfterAWait(const Reports& reports, std::string handler) {
  co_await Delay(absl::Milliseconds(1));
  BlockUntil(reports, Of(handler));
}

TEST_F(WatchdogTest, NamesTheActivityOfACoroutineThatWasResumed) {
  const std::string handler = "users.v1.UsersService/CreateUser";
  Promise<void> done;
  {
    const ActivityScope scope(Call(handler));
    done = BlockAfterAWait(reports_, handler);
  }
  loop_.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_EQ(reports_.Find(Of(handler)).size(), 1);
}

TEST_F(WatchdogTest, ACallbackOfNobodyHasAStackAlone) {
  const auto ours = [](const Overrun& report) {
    return Mentions(report, "BlockUntil");
  };
  loop_.SetTimeout(absl::Milliseconds(1), [&] { BlockUntil(reports_, ours); });
  loop_.Run();
  const auto reports = reports_.Find(ours);
  ASSERT_FALSE(reports.empty());
  EXPECT_EQ(reports[0].kind, "");
  EXPECT_EQ(reports[0].handler, "");
  EXPECT_EQ(reports[0].trace_id, "");
}

TEST_F(WatchdogTest, TellsOfTheOtherActivityThatGoesOnBlocking) {
  // All in the drain of one callback.
  for (const std::string handler : {"first", "second"}) {
    const ActivityScope scope(Call(handler));
    loop_.QueueMicrotask(
        [this, handler] { BlockUntil(reports_, Of(handler)); });
  }
  loop_.Run();
  EXPECT_EQ(reports_.Find(Of("first")).size(), 1);
  EXPECT_EQ(reports_.Find(Of("second")).size(), 1);
}

TEST_F(WatchdogTest, ReportsAnOverrunOnceHoweverLongItIs) {
  {
    const ActivityScope scope(Call("long"));
    loop_.SetImmediate([this] {
      BlockUntil(reports_, Of("long"));
      absl::SleepFor(8 * kBudget);
    });
  }
  loop_.Run();
  reports_.Await(Of("long", true));
  EXPECT_EQ(reports_.Find(Of("long")).size(), 1);
  EXPECT_EQ(reports_.Find(Of("long", true)).size(), 1);
}

TEST_F(WatchdogTest, WakesUpWithALoopThatHasSleptLong) {
  {
    const ActivityScope scope(Call("late"));
    loop_.SetTimeout(10 * kBudget,
                     [this] { BlockUntil(reports_, Of("late")); });
  }
  loop_.Run();
  EXPECT_EQ(reports_.Find(Of("late")).size(), 1);
}

TEST_F(WatchdogTest, WatchesSeveralLoops) {
  std::thread other([this] {
    EventLoop loop;
    const Watchdog::Watch watch = watchdog_.Add(loop, "other");
    {
      const ActivityScope scope(Call("elsewhere"));
      loop.SetImmediate([this] { BlockUntil(reports_, Of("elsewhere")); });
    }
    loop.Run();
  });
  other.join();
  const auto reports = reports_.Find(Of("elsewhere"));
  ASSERT_EQ(reports.size(), 1);
  EXPECT_EQ(reports[0].loop, "other");
}

TEST(Watchdog, OfNoBudgetWatchesNothing) {
  EventLoop loop;
  bool told = false;
  Watchdog watchdog(absl::ZeroDuration(), [&](const Overrun&) { told = true; });
  const Watchdog::Watch watch = watchdog.Add(loop, "main");
  loop.SetImmediate([] { absl::SleepFor(absl::Milliseconds(30)); });
  loop.Run();
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace millrace
