#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "loop/combinators.h"
#include "loop/node_test.h"
#include "loop/timer_promises.h"

namespace millrace {
namespace {

using testing::ElementsAre;

absl::Status Boom() { return absl::AbortedError("boom"); }

class NodeTimerPromises : public NodeTest {
 protected:
  AbortController controller_;
  AbortSignal signal_ = controller_.signal();
};

TEST_F(NodeTimerPromises, test_timers_timeout_promisified) {
  const auto plain = Wait(Ms(1));
  auto value = WaitWith(Ms(1), std::string("foobar"));
  auto moved = WaitWith(Ms(1), std::make_unique<int>(7));
  auto aborted = AsStatusOr(WaitWith(absl::Hours(1), 1, signal_));
  auto aborted_void = AsStatusOr(Wait(absl::Hours(1), signal_));
  controller_.Abort(Boom());
  auto before = AsStatusOr(WaitWith(absl::Hours(1), 1, signal_));
  EXPECT_TRUE(before.valid());

  // Aborting after it has resolved changes nothing.
  AbortController late;
  auto resolved = WaitWith(Ms(5), 2, late.signal()).Then([&](int n) {
    late.Abort();
    return n;
  });
  // Does not keep the loop.
  const auto unrefd = Wait(absl::Hours(1), WaitOptions({}, false));
  loop_.Run();
  EXPECT_TRUE(plain.settled() && !plain.rejected());
  EXPECT_EQ(value.value(), "foobar");
  EXPECT_EQ(*moved.value(), 7);
  EXPECT_EQ(aborted.value().status(), Boom());
  EXPECT_EQ(aborted_void.value(), Boom());
  EXPECT_EQ(before.value().status(), Boom());
  EXPECT_EQ(resolved.value(), 2);
  EXPECT_FALSE(unrefd.settled());
}

TEST_F(NodeTimerPromises, test_timers_immediate_promisified) {
  const auto plain = Yield();
  auto value = YieldWith(std::string("foobar"));
  auto aborted = AsStatusOr(YieldWith(10, signal_));
  auto aborted_void = AsStatusOr(Yield(signal_));
  controller_.Abort(Boom());
  auto before = AsStatusOr(YieldWith(10, signal_));
  AbortController late;
  auto resolved = YieldWith(2, late.signal()).Then([&](int n) {
    late.Abort();
    return n;
  });
  loop_.Run();
  const auto unrefd = Yield(WaitOptions({}, false));
  loop_.Run();
  EXPECT_TRUE(plain.settled() && !plain.rejected());
  EXPECT_EQ(value.value(), "foobar");
  EXPECT_EQ(aborted.value().status(), Boom());
  EXPECT_EQ(aborted_void.value(), Boom());
  EXPECT_EQ(before.value().status(), Boom());
  EXPECT_EQ(resolved.value(), 2);
  EXPECT_FALSE(unrefd.settled());
}

TEST_F(NodeTimerPromises, a_wait_leaves_no_listener_at_its_signal) {
  // What a listener holds is gone once the wait is over, either way.
  auto held = std::make_shared<int>(1);
  auto waited = WaitWith(Ms(1), held, signal_);
  auto yielded = YieldWith(held, signal_);
  const AbortController other;
  auto aborted = AsStatusOr(WaitWith(absl::Hours(1), held, other.signal()));
  other.Abort();
  EXPECT_EQ(held.use_count(), 3);
  loop_.Run();
  EXPECT_EQ(held.use_count(), 3);
  waited = {};
  yielded = {};
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(NodeTimerPromises, a_signal_may_outlive_the_loop_that_waits_with_it) {
  auto held = std::make_shared<int>(1);
  std::thread([&held] {
    const AbortController controller;
    EventLoop loop;
    static_cast<void>(WaitWith(absl::Hours(1), held, controller.signal()));
    static_cast<void>(YieldWith(held, controller.signal()));
    static_cast<void>(
        Delay(absl::Hours(1), controller.signal()).Then([held] {}));
    EXPECT_EQ(held.use_count(), 4);
  }).join();
  EXPECT_EQ(held.use_count(), 1);
}

Promise<void> Scheduler(EventLoop& loop, std::vector<std::string>& trace) {
  trace.push_back("begin");
  co_await Yield();
  trace.push_back("yielded");
  int value = 0;
  loop.SetTimeout(absl::Milliseconds(5), [&] { ++value; });
  co_await Wait(absl::Milliseconds(10));
  EXPECT_EQ(value, 1);
  trace.push_back("waited");
}

TEST_F(NodeTimerPromises, test_timers_promises_scheduler) {
  const auto done = Scheduler(loop_, trace_);
  loop_.QueueMicrotask(Log("microtask"));
  auto aborted = AsStatusOr(Wait(absl::Hours(1), signal_));
  controller_.Abort();
  auto before = AsStatusOr(Wait(absl::Hours(1), signal_));
  loop_.Run();
  EXPECT_TRUE(done.settled() && !done.rejected());
  EXPECT_THAT(trace_, ElementsAre("begin", "microtask", "yielded", "waited"));
  EXPECT_EQ(aborted.value().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(before.value().code(), absl::StatusCode::kCancelled);
}

// for await (const text of setInterval(period, text)) ...
Promise<int> ReadSome(Stream<std::string> stream, int count) {
  int read = 0;
  while (read < count) {
    const std::optional<std::string> text = co_await stream.Next();
    if (!text.has_value()) break;
    EXPECT_EQ(*text, "foobar");
    ++read;
  }
  co_return read;
}

Promise<int> ReadUntilAborted(Stream<int> stream, AbortController controller,
                              int abort_after) {
  int read = 0;
  try {
    while (co_await stream.Next()) {
      if (++read == abort_after) controller.Abort(Boom());
    }
  } catch (const StatusError& error) {
    EXPECT_EQ(error.status(), Boom());
    co_return read;
  }
  co_return -1;
}

// Reads two values slower than they come and aborts: those that were due
// before come nevertheless, then the reason.
Promise<int> ReadSlowly(Stream<int> stream, AbortController controller) {
  int read = 0;
  try {
    while (co_await stream.Next()) {
      if (++read <= 2) co_await Wait(absl::Milliseconds(20));
      if (read == 2) controller.Abort(Boom());
    }
  } catch (const StatusError&) {
  }
  co_return read;
}

TEST_F(NodeTimerPromises, test_timers_interval_promisified) {
  auto some = ReadSome(Interval(Ms(1), std::string("foobar")), 2);
  AbortController aborts_itself;
  auto five = ReadUntilAborted(Interval(Ms(1), 0, aborts_itself.signal()),
                               aborts_itself, 5);
  AbortController aborts_slowly;
  auto slow =
      ReadSlowly(Interval(Ms(2), 0, aborts_slowly.signal()), aborts_slowly);

  auto waiting = Interval(absl::Hours(1), 0, signal_);
  auto next = AsStatusOr(waiting.Next());
  controller_.Abort(Boom());
  auto again = AsStatusOr(waiting.Next());
  auto before = Interval(Ms(1), 0, signal_);
  auto rejected = AsStatusOr(before.Next());

  auto unrefd = Interval(absl::Hours(1), 0, WaitOptions({}, false));
  const auto never = unrefd.Next();
  loop_.Run();
  EXPECT_EQ(some.value(), 2);
  EXPECT_EQ(five.value(), 5);
  EXPECT_GE(slow.value(), 3);
  EXPECT_EQ(next.value().status(), Boom());
  EXPECT_EQ(again.value().status(), Boom());
  EXPECT_EQ(rejected.value().status(), Boom());
  EXPECT_FALSE(never.settled());
}

TEST_F(NodeTimerPromises, an_interval_lasts_as_long_as_its_reader) {
  {
    auto stream = Interval(absl::Hours(1), 1);
    EXPECT_FALSE(loop_.alive()) << "it begins with the first Next()";
    auto first = AsStatusOr(stream.Next());
    auto second = AsStatusOr(stream.Next());
    EXPECT_TRUE(loop_.alive());
    stream.Cancel(Boom());
    EXPECT_FALSE(loop_.alive());
    loop_.Run();
    EXPECT_EQ(first.value().status(), Boom());
    EXPECT_EQ(second.value().status(), Boom());
  }
  // Dropping the stream ends the interval and its listener.
  auto held = std::make_shared<int>(1);
  {
    auto stream = Interval(Ms(1), held, AbortController().signal());
    const auto next = stream.Next();
    EXPECT_GT(held.use_count(), 1);
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(loop_.alive());
}

}  // namespace
}  // namespace millrace
