#include "loop/node_test.h"
#include "loop/timer.h"

namespace millrace {
namespace {

using testing::ElementsAre;

using NodeTimers = NodeTest;

TEST_F(NodeTimers, test_timers_unref) {
  Timer chain = loop_.SetTimeout(Ms(10), [] {});
  chain.Unref();
  EXPECT_FALSE(chain.has_ref());
  chain.Ref();
  EXPECT_TRUE(chain.has_ref());
  chain.Unref();

  loop_.SetInterval(absl::Hours(1), MustNotCall()).Unref();
  loop_.SetTimeout(absl::Hours(1), MustNotCall()).Unref();

  bool interval_fired = false;
  bool timeout_fired = false;
  Timer interval;
  interval = loop_.SetInterval(Ms(5), MustCall([&] {
                                 interval_fired = true;
                                 interval.Clear();
                               }));
  interval.Unref();
  loop_.SetTimeout(Ms(5), MustCall([&] { timeout_fired = true; })).Unref();
  Timer check;
  check = loop_.SetInterval(Ms(5), [&] {
    if (interval_fired && timeout_fired) check.Clear();
  });

  Timer once;
  once = loop_.SetTimeout(Ms(5), MustCall([&] { once.Unref(); }));
  Timer itself;
  itself = loop_.SetInterval(Ms(5), [&] { itself.Unref(); });
  Timer ticked = loop_.SetInterval(Ms(1), [] {});
  loop_.NextTick([&] { ticked.Unref(); });
  loop_.Run();
  EXPECT_TRUE(itself.active() && !itself.has_ref());
}

TEST_F(NodeTimers, test_timers_unref_active) {
  // An unref'd timer that is started again from its own callback.
  int fired = 0;
  Timer timer;
  timer = loop_.SetTimeout(Ms(1), [&] {
    if (++fired < 5) {
      timer.Refresh();
      EXPECT_TRUE(timer.active() && !timer.has_ref());
    } else {
      timer.Clear();
      timer.Refresh();
    }
  });
  timer.Unref();
  // Keeps the loop until it is done.
  Timer keep;
  keep = loop_.SetInterval(Ms(1), [&] {
    if (!timer.active()) keep.Clear();
  });
  loop_.Run();
  EXPECT_EQ(fired, 5);
}

TEST_F(NodeTimers, test_timers_unref_remove_other_unref_timers) {
  Timer later;
  Timer first = loop_.SetTimeout(Ms(1), MustCall([&] { later.Clear(); }));
  first.Unref();
  later = loop_.SetTimeout(Ms(50), MustNotCall());
  later.Unref();
  loop_.SetTimeout(Ms(60), MustCall());
  loop_.Run();
}

TEST_F(NodeTimers, test_timers_unref_throw_then_ref) {
  loop_.OnUncaught([this](std::exception_ptr error) {
    trace_.push_back(Text(error));
    loop_.OnUncaught(nullptr);
  });
  bool called = false;
  Timer timer;
  timer = loop_.SetTimeout(Ms(1), MustCall([&] {
                             EXPECT_FALSE(called);
                             called = true;
                             timer.Ref();
                             Fail("Timeout Error");
                           }));
  timer.Unref();
  loop_.SetTimeout(Ms(1), MustCall());
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("Timeout Error"));
  EXPECT_FALSE(timer.has_ref());
}

TEST_F(NodeTimers, test_timers_unrefd_interval_still_fires) {
  Timer keep = loop_.SetInterval(absl::Hours(1), MustNotCall());
  Timer timer;
  int fired = 0;
  timer = loop_.SetInterval(Ms(1), MustCall(
                                       [&] {
                                         if (++fired < 3) return;
                                         timer.Clear();
                                         keep.Clear();
                                       },
                                       3));
  timer.Unref();
  loop_.Run();
}

TEST_F(NodeTimers, test_timers_unrefed_in_beforeexit) {
  // What is unref'd does not revive the loop.
  loop_.OnBeforeExit(
      MustCall([this] { loop_.SetTimeout(Ms(1), MustNotCall()).Unref(); }));
  loop_.OnExit([this](ExitReason) { trace_.push_back("exit"); });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("exit"));
}

TEST_F(NodeTimers, test_timers_unrefed_in_callback) {
  // An interval that unrefs itself goes on while something keeps the loop, and
  // ends by Clear() nevertheless.
  loop_.AddRef();
  int count1 = 0;
  int count2 = 0;
  Timer timer1, timer2;
  const auto second = [&] {
    loop_.AddRef();
    timer2 = loop_.SetInterval(Ms(1), [&] {
      timer2.Unref();
      if (count2++ == 3) loop_.ReleaseRef();
    });
  };
  timer1 = loop_.SetInterval(Ms(1), [&] {
    timer1.Unref();
    if (count1++ == 3) {
      timer1.Clear();
      loop_.ReleaseRef();
      second();
    }
  });
  loop_.Run();
  EXPECT_EQ(count1, 4);
  EXPECT_EQ(count2, 4);
}

TEST_F(NodeTimers, test_timers_unenroll_unref_interval) {
  Timer cleared, replaced;
  cleared = loop_.SetInterval(Ms(1), MustCall([&] { cleared.Clear(); }));
  cleared.Unref();
  // By another handle of the same timer.
  replaced =
      loop_.SetInterval(Ms(1), MustCall([&] { Timer(replaced).Clear(); }));
  replaced.Unref();
  loop_.SetTimeout(Ms(1),
                   MustCall([&] { loop_.SetTimeout(Ms(1), MustCall()); }));
  loop_.Run();
  EXPECT_FALSE(cleared.active() || replaced.active());
}

}  // namespace
}  // namespace millrace
