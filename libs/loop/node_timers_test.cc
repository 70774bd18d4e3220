#include <functional>

#include "loop/node_test.h"
#include "loop/timer.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using NodeTimers = NodeTest;

TEST_F(NodeTimers, test_timers) {
  // All of them count as 1 ms, so all are before a timer of 2 ms.
  const absl::Duration inputs[] = {absl::InfiniteDuration(),
                                   -absl::InfiniteDuration(),
                                   Ms(-10),
                                   Ms(-1),
                                   Ms(-0.5),
                                   Ms(0),
                                   Ms(0.1),
                                   Ms(0.5),
                                   Ms(1),
                                   Ms(2147483648.0),
                                   Ms(12345678901234.0)};
  loop_.OnWarning([](const Warning&) {});
  int timeouts = 0;
  int intervals = 0;
  for (const absl::Duration input : inputs) {
    loop_.SetTimeout(input, [&] { ++timeouts; });
    auto handle = std::make_shared<Timer>();
    *handle = loop_.SetInterval(input, [&intervals, handle] {
      ++intervals;
      handle->Clear();
    });
  }
  loop_.SetTimeout(Ms(2), MustCall([&] {
                     EXPECT_EQ(timeouts, 11);
                     EXPECT_EQ(intervals, 11);
                   }));
  Timer ten;
  loop_.SetTimeout(Ms(10), MustCall());
  ten = loop_.SetInterval(Ms(10), MustCall([&] { ten.Clear(); }));
  loop_.Run();
}

TEST_F(NodeTimers, test_timers_zero_timeout) {
  loop_.SetTimeout(absl::ZeroDuration(), MustCall());
  loop_.SetTimeout(absl::ZeroDuration(), [] {});
  Timer interval;
  int calls = 0;
  interval = loop_.SetInterval(absl::ZeroDuration(), MustCall(
                                                         [&] {
                                                           if (++calls == 3)
                                                             interval.Clear();
                                                         },
                                                         3));
  loop_.Run();
}

TEST_F(NodeTimers, test_timers_nested) {
  for (const int delay : {0, 20}) {
    auto nested = std::make_shared<bool>(false);
    loop_.SetTimeout(
        Ms(delay), MustCall([this, delay, nested] {
          // Expired before the outer one ends, yet not in its pass.
          loop_.SetTimeout(Ms(delay), MustCall([nested] { *nested = true; }));
          Spin(delay + 2);
          loop_.NextTick(MustCall([nested] { EXPECT_FALSE(*nested); }));
        }));
  }
  loop_.Run();
}

TEST_F(NodeTimers, test_timers_next_tick) {
  Timer t2, t3;
  loop_.SetTimeout(Ms(1), MustCall([&] {
                     loop_.NextTick([&] {
                       t2.Clear();
                       t3.Clear();
                     });
                   }));
  t2 = loop_.SetTimeout(Ms(1), MustNotCall());
  t3 = loop_.SetTimeout(Ms(1), MustNotCall());
  loop_.SetTimeout(Ms(1), MustCall());
  Spin(5);

  Immediate i2, i3;
  loop_.SetImmediate(MustCall([&] {
    loop_.NextTick([&] {
      i2.Clear();
      i3.Clear();
    });
  }));
  i2 = loop_.SetImmediate(MustNotCall());
  i3 = loop_.SetImmediate(MustNotCall());
  loop_.SetImmediate(MustCall());
  loop_.Run();
}

TEST_F(NodeTimers, test_timers_interval_throw) {
  int left = 2;
  Timer interval = loop_.SetInterval(Ms(1), [] { Fail("IntervalError"); });
  loop_.OnUncaught([&](std::exception_ptr error) {
    trace_.push_back(Text(error));
    if (--left == 0) interval.Clear();
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("IntervalError", "IntervalError"));
}

TEST_F(NodeTimers, test_timers_uncaught_exception) {
  LogUncaught();
  loop_.SetTimeout(Ms(5), [this] {
    trace_.push_back("first");
    Fail("BAM!");
  });
  loop_.SetTimeout(Ms(5), Log("second"));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("first", "uncaught BAM!", "second"));
}

TEST_F(NodeTimers, test_timers_max_duration_warning) {
  loop_.OnWarning([this](const Warning& warning) {
    trace_.push_back(warning.name);
    EXPECT_THAT(warning.message,
                HasSubstr("2147483648 ms does not fit into a 32-bit signed"));
  });
  const absl::Duration overflow = Ms(2147483648.0);
  loop_.SetTimeout(overflow, MustNotCall()).Clear();
  loop_.SetInterval(overflow, MustNotCall()).Clear();
  // The longest that fits, and what is too short, are no overflow.
  loop_.SetTimeout(overflow - Ms(1), MustNotCall()).Clear();
  loop_.SetTimeout(absl::ZeroDuration(), MustNotCall()).Clear();
  EXPECT_TRUE(trace_.empty()) << "a warning comes in a next tick";
  loop_.Run();
  EXPECT_THAT(trace_,
              ElementsAre("TimeoutOverflowWarning", "TimeoutOverflowWarning"));
}

TEST_F(NodeTimers, test_timers_non_integer_delay) {
  Timer interval;
  int fired = 0;
  interval = loop_.SetInterval(Ms(1.1), MustCall(
                                            [&] {
                                              if (++fired == 50) {
                                                interval.Clear();
                                              }
                                            },
                                            50));
  loop_.Run();
}

TEST_F(NodeTimers, test_timers_timeout_with_non_integer) {
  int left = 50;
  std::function<void()> again = [&] {
    if (--left > 0) {
      loop_.SetTimeout(absl::Milliseconds(1) + absl::Nanoseconds(1), again);
    }
  };
  again();
  loop_.Run();
  EXPECT_EQ(left, 0);
}

TEST_F(NodeTimers, test_timers_same_timeout_wrong_list_deleted) {
  Timer first, second;
  first =
      loop_.SetTimeout(Ms(5), MustCall([&] {
                         // It has fired: this must not take along the list that
                         // the next timer of the same duration will be in.
                         first.Clear();
                         loop_.SetTimeout(Ms(1), MustCall([&] {
                                            second.Clear();
                                            EXPECT_FALSE(second.active());
                                            loop_.SetImmediate(MustCall([&] {
                                              loop_.SetImmediate(MustCall([&] {
                                                EXPECT_FALSE(loop_.alive());
                                              }));
                                            }));
                                          }));
                         second = loop_.SetTimeout(Ms(5), MustNotCall());
                         EXPECT_TRUE(second.active());
                       }));
  loop_.Run();
}

TEST_F(NodeTimers, test_timers_refresh) {
  // A refreshed timer is behind the one that was made after it.
  bool unrefd = false;
  Timer timer1 = loop_.SetTimeout(Ms(1), MustCall([&] { unrefd = true; }));
  timer1.Unref();
  loop_.SetTimeout(Ms(1), MustCall([&] { EXPECT_FALSE(unrefd); }));
  timer1.Refresh();

  bool refd = false;
  Timer timer2 = loop_.SetTimeout(Ms(1), MustCall([&] { refd = true; }));
  loop_.SetTimeout(Ms(1), MustCall([&] { EXPECT_FALSE(refd); }));
  timer2.Refresh();

  int called = 0;
  Timer interval;
  interval = loop_.SetInterval(Ms(1), MustCall(
                                          [&] {
                                            if (++called == 2) interval.Clear();
                                          },
                                          2));
  loop_.SetTimeout(Ms(1), MustCall([&] { EXPECT_EQ(called, 0); }));
  interval.Refresh();
  loop_.Run();
}

TEST_F(NodeTimers, test_timers_refresh_in_callback) {
  bool called = false;
  Timer timer;
  timer = loop_.SetTimeout(Ms(1), MustCall(
                                      [&] {
                                        if (!called) timer.Refresh();
                                        called = true;
                                      },
                                      2));
  loop_.Run();
}

TEST_F(NodeTimers, test_timers_clear_null_does_not_throw_error) {
  // Handles of nothing.
  Timer timer;
  Immediate immediate;
  loop_.Clear(timer);
  loop_.Clear(immediate);
  timer.Refresh();
  timer.Unref();
  immediate.Unref();
  EXPECT_FALSE(timer.active() || immediate.active());
  EXPECT_FALSE(loop_.alive());
}

TEST_F(NodeTimers, test_timers_clear_timeout_interval_equivalent) {
  loop_.Clear(loop_.SetInterval(Ms(1), MustNotCall()));
  loop_.Clear(loop_.SetTimeout(Ms(1), MustNotCall()));
  EXPECT_FALSE(loop_.alive());
  loop_.Run();
}

TEST_F(NodeTimers, test_timers_destroyed) {
  Timer t1 = loop_.SetTimeout(Ms(1), MustNotCall());
  const Timer t2 = loop_.SetTimeout(Ms(1), MustCall());
  Timer i1 = loop_.SetInterval(Ms(1), MustNotCall());
  Timer i2 = loop_.SetInterval(Ms(1), [] {});
  i2.Unref();
  loop_.SetTimeout(Ms(1), MustCall());
  t1.Clear();
  i1.Clear();
  loop_.Run();
  EXPECT_FALSE(t1.active());
  EXPECT_FALSE(t2.active());
  EXPECT_FALSE(i1.active());
  EXPECT_TRUE(i2.active());
  EXPECT_FALSE(i2.has_ref());
}

TEST_F(NodeTimers, test_timers_dispose) {
  // `using` is a guard of the caller's own here; clearing is the same.
  Timer timer = loop_.SetTimeout(Ms(10), MustNotCall());
  Timer interval = loop_.SetInterval(Ms(10), MustNotCall());
  Immediate immediate = loop_.SetImmediate(MustNotCall());
  EXPECT_TRUE(timer.has_ref() && interval.has_ref() && immediate.has_ref());
  timer.Clear();
  interval.Clear();
  immediate.Clear();
  loop_.Run();
  EXPECT_FALSE(timer.active() || interval.active() || immediate.active());
  EXPECT_FALSE(timer.has_ref() || interval.has_ref() || immediate.has_ref());
}

TEST_F(NodeTimers, test_timers_ordering) {
  int last = 0;
  int64_t last_time = 0;
  std::function<void(int)> next = [&](int i) {
    if (i > 30) return;
    EXPECT_EQ(i, last + 1);
    last = i;
    EXPECT_GE(loop_.TimeMs(), last_time + 1);
    last_time = loop_.TimeMs();
    loop_.SetTimeout(Ms(1), [&next, i] { next(i + 1); });
  };
  next(1);
  loop_.Run();
  EXPECT_EQ(last, 30);
}

TEST_F(NodeTimers, test_timers_to_primitive) {
  // An id is a copy of the handle.
  for (const Timer& timer : {loop_.SetTimeout(Ms(1), MustNotCall()),
                             loop_.SetInterval(Ms(1), MustNotCall())}) {
    Timer id = timer;
    id.Clear();
    EXPECT_FALSE(timer.active());
  }
  loop_.Run();
}

TEST_F(NodeTimers, test_timers_block_eventloop) {
  // Intervals that take longer than their period do not keep the poll phase
  // from its turn: at most the rest of one pass is before it.
  int calls = 0;
  Timer t1 = loop_.SetInterval(Ms(1), [&] {
    Spin(3);
    ++calls;
  });
  Timer t2 = loop_.SetInterval(Ms(1), [&] {
    Spin(3);
    ++calls;
  });
  loop_.SetTimeout(Ms(10), MustCall([&] {
                     const int before = calls;
                     loop_.Post(MustCall([&, before] {
                       EXPECT_LE(calls - before, 2);
                       t1.Clear();
                       t2.Clear();
                     }));
                   }));
  loop_.Run();
}

TEST_F(NodeTimers, test_timers_set_interval_excludes_callback_duration) {
  Timer interval;
  int calls = 0;
  interval = loop_.SetInterval(Ms(20), [&] {
    trace_.push_back(StrCat("interval ", ++calls));
    if (calls == 2) return interval.Clear();
    Spin(21);
    loop_.SetImmediate(Log("immediate"));
    // Due later than the interval, whose period began with this callback.
    loop_.SetTimeout(Ms(10), Log("timeout"));
  });
  loop_.Run();
  EXPECT_THAT(trace_,
              ElementsAre("interval 1", "immediate", "interval 2", "timeout"));
}

// Not ported, because C++ has nothing that the case is about:
// - arguments, `this` and types: test-timers-args, -this, -user-call,
//   -throw-when-cb-not-function, -clear-object-does-not-throw-error
// - globals and modules: -api-refs, -promises, -process-tampering
// - private structures and calls that Node has withdrawn: -linked-list,
//   -enroll-invalid-msecs, -enroll-second-time, -timeout-to-interval, -now
// - domains: -reset-process-domain-on-throw
// - sockets' own timeouts: -socket-timeout-removes-other-socket-unref-timer
//   (its list is that of -unref-remove-other-unref-timers)

}  // namespace
}  // namespace millrace
