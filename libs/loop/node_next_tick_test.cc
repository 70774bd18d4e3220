#include <functional>

#include "loop/node_test.h"
#include "loop/promise.h"
#include "loop/timer.h"

namespace millrace {
namespace {

using testing::ElementsAre;

using NodeNextTick = NodeTest;

TEST_F(NodeNextTick, test_next_tick) {
  loop_.NextTick(MustCall([this] {
    loop_.NextTick(MustCall([this] { loop_.NextTick(MustCall()); }));
  }));
  loop_.SetTimeout(Ms(5), MustCall([this] { loop_.NextTick(MustCall()); }));
  loop_.NextTick(MustCall());
  loop_.OnExit([this](ExitReason) { loop_.NextTick(MustNotCall()); });
  loop_.Run();
  loop_.Run();
}

TEST_F(NodeNextTick, test_next_tick_ordering) {
  for (int i = 0; i < 30; ++i) {
    loop_.SetTimeout(Ms(i), [this, i] { trace_.push_back(StrCat(i)); });
  }
  loop_.NextTick(Log("nextTick"));
  Spin(31);
  trace_.push_back("main");
  loop_.Run();
  ASSERT_EQ(trace_.size(), 32u);
  EXPECT_EQ(trace_[0], "main");
  EXPECT_EQ(trace_[1], "nextTick");
}

TEST_F(NodeNextTick, test_next_tick_ordering2) {
  loop_.NextTick([this] {
    loop_.SetTimeout(absl::ZeroDuration(), Log("setTimeout"));
    loop_.NextTick(Log("nextTick"));
    Spin(2);
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("nextTick", "setTimeout"));
}

TEST_F(NodeNextTick, test_next_tick_doesnt_hang) {
  loop_.NextTick([] {});
  loop_.Run();
  EXPECT_EQ(loop_.turns(), 0u);
}

TEST_F(NodeNextTick, test_next_tick_errors) {
  loop_.NextTick([this] {
    trace_.push_back("A");
    Fail("B");
  });
  loop_.NextTick(Log("C"));
  LogUncaught();
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("A", "uncaught B", "C"));
}

TEST_F(NodeNextTick, test_process_next_tick) {
  // Each throws, each is told, none runs twice.
  int errors = 0;
  loop_.OnUncaught([&](std::exception_ptr) { ++errors; });
  for (int i = 0; i < 2; ++i) loop_.NextTick(MustCall([] { Fail("x"); }));
  loop_.Run();
  EXPECT_EQ(errors, 2);
}

TEST_F(NodeNextTick, test_next_tick_fixed_queue_regression) {
  // A queue that grows by exactly 2048 ticks while microtasks run.
  Promise<void> last;
  loop_.NextTick([&] {
    last = Promise<void>::Resolve()
               .Then([this] {
                 for (int i = 0; i < 2047; ++i) loop_.NextTick(MustCall());
                 Immediate immediate = loop_.SetImmediate(MustNotCall());
                 loop_.NextTick(
                     MustCall([immediate]() mutable { immediate.Clear(); }));
               })
               .Then(MustCall());
  });
  loop_.Run();
  EXPECT_TRUE(last.settled());
}

TEST_F(NodeNextTick, test_next_tick_intentional_starvation) {
  // Ticks go before a timer that is long due, for as long as there are any.
  bool starved = false;
  int left = 30;
  std::function<void()> spin = [&] {
    Spin(1);
    if (--left > 0) return loop_.NextTick(spin);
    starved = true;
  };
  loop_.SetTimeout(Ms(5), MustCall([&] { EXPECT_TRUE(starved); }));
  loop_.SetImmediate(MustCall([&] { EXPECT_TRUE(starved); }));
  spin();
  loop_.Run();
}

TEST_F(NodeNextTick, test_next_tick_when_exiting) {
  bool exited = false;
  loop_.OnExit([&](ExitReason reason) {
    exited = true;
    EXPECT_EQ(reason, ExitReason::kStopped);
    loop_.NextTick(MustNotCall());
  });
  loop_.Stop();
  loop_.Run();
  EXPECT_TRUE(exited);
  loop_.OnExit(nullptr);
  loop_.Run();
}

TEST_F(NodeNextTick, test_next_tick_error_spin) {
  // Ticks that throw, and whose handler makes the next one, do not keep
  // immediates out.
  bool broke_in = false;
  const auto fail_later = [this] { loop_.NextTick([] { Fail("x"); }); };
  int errors = 0;
  loop_.OnUncaught([&](std::exception_ptr) {
    ++errors;
    if (!broke_in) fail_later();
  });
  fail_later();
  loop_.SetImmediate(MustCall([&] { broke_in = true; }));
  loop_.Run();
  EXPECT_GE(errors, 1);
}

// Not ported: test-next-tick-domain (domains); that only functions are taken
// (test-next-tick-errors, test-process-next-tick) is the compiler's here.

}  // namespace
}  // namespace millrace
