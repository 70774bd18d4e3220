// Node's test/parallel/test-abort*.js and test-net-connect-abort-controller.js,
// as far as they have a counterpart. A case has the name of its file there.
//
// Without one: what a signal prints as, Event objects and their isTrusted,
// calls on the wrong receiver, and refusals of what does not compile here. A
// resource that is collected (test-aborted-util) is a subscription that is
// dropped; what is said there about garbage is said here about handles.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "loop/abort.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "loop/tcp.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Runs `loop` until `signal` has aborted, though nothing else keeps it running.
void RunUntilAborted(EventLoop& loop, const AbortSignal& signal) {
  Timer alive = loop.SetInterval(absl::Hours(1), [] {});
  const AbortSubscription stop = signal.OnAbort([&] { alive.Clear(); });
  loop.Run();
}

TEST(NodeAbort, test_abortcontroller) {
  EventLoop loop;
  {
    const AbortController controller;
    int called = 0;
    controller.signal().OnAbort([&] { ++called; }).Keep();
    controller.Abort();
    controller.Abort();
    EXPECT_TRUE(controller.signal().aborted());
    EXPECT_EQ(called, 1);
    EXPECT_TRUE(absl::IsCancelled(controller.signal().reason()));
    EXPECT_EQ(controller.signal().listener_count(), 0u);
  }
  {
    const AbortSignal signal = AbortSignal::Aborted();
    EXPECT_TRUE(signal.aborted());
    EXPECT_TRUE(absl::IsCancelled(signal.reason()));
    EXPECT_THROW(signal.ThrowIfAborted(), StatusError);
    const auto reason = absl::AbortedError("reason");
    EXPECT_EQ(AbortSignal::Aborted(reason).reason(), reason);
    const AbortController controller;
    controller.signal().ThrowIfAborted();
    controller.Abort(reason);
    EXPECT_EQ(controller.signal().reason(), reason);
  }
  {
    const AbortSignal signal = AbortSignal::Timeout(absl::Milliseconds(1));
    EXPECT_FALSE(signal.aborted());
    RunUntilAborted(loop, signal);
    EXPECT_TRUE(absl::IsDeadlineExceeded(signal.reason()));
  }
}

TEST(NodeAbort, test_abortcontroller_timeouts_and_their_holders) {
  // The cases of test-abortcontroller that need a garbage collector.
  auto loop = std::make_unique<EventLoop>();
  const auto token = std::make_shared<int>();
  // Without a listener it goes with its holder, and with it the timer.
  { const auto unheld = AbortSignal::Timeout(absl::Minutes(20)); }
  // With one it stays for its time, until the listener goes.
  AbortSubscription listener =
      AbortSignal::Timeout(absl::Minutes(20)).OnAbort([token] {});
  EXPECT_EQ(token.use_count(), 2);
  listener.Remove();
  EXPECT_EQ(token.use_count(), 1);
  bool fired = false;
  AbortSignal::Timeout(absl::Milliseconds(1))
      .OnAbort([token, &fired] { fired = true; })
      .Keep();
  Timer alive;
  alive = loop->SetInterval(absl::Milliseconds(1), [&] {
    if (fired) alive.Clear();
  });
  loop->Run();  // twenty minutes do not keep it
  EXPECT_TRUE(fired);
  EXPECT_EQ(token.use_count(), 1);
  // Through a combined one.
  AbortSignal::Any({AbortSignal::Timeout(absl::Minutes(20)), AbortSignal()})
      .OnAbort([token] {})
      .Keep();
  EXPECT_EQ(token.use_count(), 2);
  loop.reset();  // nothing outlives the loop's timers
  EXPECT_EQ(token.use_count(), 1);
}

TEST(NodeAbort, test_abortsignal_any) {
  EventLoop loop;
  {
    const AbortSignal none = AbortSignal::Any({});
    EXPECT_FALSE(none.aborted());
  }
  {
    const AbortSignal signal =
        AbortSignal::Any({AbortSignal::Aborted(absl::AbortedError("some")),
                          AbortSignal::Aborted(absl::AbortedError("other"))});
    EXPECT_EQ(signal.reason(), absl::AbortedError("some"));
  }
  {
    // The only holder of a timeout.
    const AbortSignal signal =
        AbortSignal::Any({AbortSignal::Timeout(absl::Milliseconds(1))});
    RunUntilAborted(loop, signal);
    EXPECT_TRUE(absl::IsDeadlineExceeded(signal.reason()));
  }
  {
    const std::vector<AbortController> controllers(3);
    std::vector<AbortSignal> signals;
    for (const auto& controller : controllers) {
      signals.push_back(controller.signal());
    }
    signals.push_back(controllers[0].signal());  // twice is once
    const AbortSignal signal = AbortSignal::Any(signals);
    controllers[1].Abort(absl::AbortedError("1"));
    controllers[2].Abort(absl::AbortedError("2"));
    EXPECT_EQ(signal.reason(), absl::AbortedError("1"));
  }
  {
    const AbortController one, two;
    AbortSignal inner = AbortSignal::Any({one.signal()});
    const AbortSignal outer = AbortSignal::Any({inner, two.signal()});
    inner = {};  // what was made of it does not need it
    int called = 0;
    outer.OnAbort([&] { ++called; }).Keep();
    one.Abort();
    EXPECT_TRUE(outer.aborted());
    EXPECT_EQ(called, 1);
  }
  {
    // All are aborted before any listener runs; listeners run source first.
    const AbortController controller;
    std::vector<AbortSignal> signals = {controller.signal()};
    signals.push_back(AbortSignal::Any({controller.signal()}));
    signals.push_back(AbortSignal::Any({controller.signal()}));
    signals.push_back(AbortSignal::Any({signals[0]}));
    signals.push_back(AbortSignal::Any({signals[1]}));
    std::vector<size_t> order;
    for (size_t i = 0; i < signals.size(); ++i) {
      signals[i]
          .OnAbort([&, i] {
            order.push_back(i);
            for (const auto& signal : signals) EXPECT_TRUE(signal.aborted());
          })
          .Keep();
    }
    controller.Abort();
    EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
  }
  {
    // A combined signal with a listener needs no holder.
    const AbortController controller;
    bool called = false;
    AbortSignal::Any({controller.signal()})
        .OnAbort([&] { called = true; })
        .Keep();
    controller.Abort();
    EXPECT_TRUE(called);
  }
}

TEST(NodeAbort, test_aborted_util) {
  EventLoop loop;
  const AbortController controller;
  auto aborted = AsStatusOr(Aborted(controller.signal()));
  bool resource = false;
  {
    const auto gone = controller.signal().OnAbort([&] { resource = true; });
  }
  EXPECT_EQ(controller.signal().listener_count(), 1u);
  controller.Abort();
  EXPECT_EQ(controller.signal().listener_count(), 0u);
  loop.Run();
  EXPECT_TRUE(absl::IsCancelled(aborted.value()));
  EXPECT_FALSE(resource);
  // Waiting for what never comes does not keep the loop.
  const AbortController never;
  const auto waiting = Aborted(never.signal());
  loop.Run();
  EXPECT_FALSE(waiting.settled());
}

TEST(NodeAbort, test_net_connect_abort_controller) {
  EventLoop loop;
  const auto connect = [&](const AbortSignal& signal) {
    return AsStatusOr(
        WithSignal(TcpConnection::Connect(loop, "127.0.0.1", 1), signal));
  };
  const AbortController before, at_once, in_a_tick;
  before.Abort(absl::AbortedError("before"));
  auto first = connect(before.signal());
  EXPECT_EQ(before.signal().listener_count(), 0u);
  auto second = connect(at_once.signal());
  EXPECT_EQ(at_once.signal().listener_count(), 1u);
  at_once.Abort(absl::AbortedError("at once"));
  auto third = connect(in_a_tick.signal());
  loop.NextTick([&] { in_a_tick.Abort(absl::AbortedError("in a tick")); });
  loop.Run();
  EXPECT_EQ(first.value().status(), absl::AbortedError("before"));
  EXPECT_EQ(second.value().status(), absl::AbortedError("at once"));
  EXPECT_EQ(third.value().status(), absl::AbortedError("in a tick"));
}

TEST(NodeAbort, test_events_getmaxlisteners_of_a_signal) {
  EventLoop loop;
  const AbortController controller;
  const AbortSignal signal = controller.signal();
  std::vector<size_t> warned;
  signal.SetMaxListeners(2, [&](size_t count) { warned.push_back(count); });
  std::vector<AbortSubscription> listeners;
  for (int i = 0; i < 2; ++i) listeners.push_back(signal.OnAbort([] {}));
  EXPECT_THAT(warned, IsEmpty());
  for (int i = 0; i < 2; ++i) listeners.push_back(signal.OnAbort([] {}));
  EXPECT_THAT(warned, ElementsAre(3));
  EXPECT_EQ(signal.max_listeners(), 2u);
}

TEST(NodeAbort, ALeakIsAWarningOfTheLoop) {
  EventLoop loop;
  std::vector<std::string> warnings;
  loop.OnWarning(
      [&](const Warning& warning) { warnings.push_back(warning.name); });
  const AbortController controller;
  controller.signal().SetMaxListeners(1);
  std::vector<AbortSubscription> listeners;
  for (int i = 0; i < 3; ++i) {
    listeners.push_back(controller.signal().OnAbort([] {}));
  }
  loop.Run();
  EXPECT_THAT(warnings, ElementsAre("MaxListenersExceededWarning"));
}

}  // namespace
}  // namespace millrace
