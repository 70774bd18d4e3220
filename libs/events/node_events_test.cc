// Node's test/parallel/test-events-*.js about waiting and about rejections, and
// what of test-eventtarget*.js an emitter answers. A case has the name of its
// file there.
//
// Of test-eventtarget without a counterpart: Event objects (phases, bubbling,
// cancelling), handler properties, capture, weak listeners, the refusal to add
// a listener twice. An EventTarget reports what a listener throws and goes on;
// an emitter lets it through and skips the rest, as Node's does. Of
// test-event-capture-rejections: objects with a `then`, and the setting for the
// whole process, which is a value here (EmitterOptions).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "events/test_support.h"
#include "loop/combinators.h"

namespace millrace::events_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Promise<void> AwaitOnce(Emitter& emitter, std::vector<std::string>& trace) {
  try {
    trace.push_back(co_await emitter.Once<Bar>());
  } catch (const std::exception& error) {
    trace.push_back(StrCat("failed ", error.what()));
  }
}

TEST(NodeEvents, test_events_once) {
  EventLoop loop;
  Emitter emitter(loop);
  std::vector<std::string> trace;
  {
    loop.NextTick([&] { emitter.Emit<Bar>("value"); });
    const auto done = AwaitOnce(emitter, trace);
    EXPECT_EQ(emitter.ListenerCount<ErrorEvent>(), 1u);
    loop.Run();
    EXPECT_TRUE(done.settled());
    EXPECT_THAT(trace, ElementsAre("value"));
    EXPECT_THAT(emitter.EventNames(), IsEmpty());
  }
  {
    // An error ends the wait; what comes later finds nobody.
    trace.clear();
    bool listened = true;
    loop.NextTick([&] {
      emitter.Emit<ErrorEvent>(ErrorOf("kaboom"));
      listened = emitter.Emit<Bar>("late");
    });
    const auto done = AwaitOnce(emitter, trace);
    loop.Run();
    EXPECT_TRUE(done.settled());
    EXPECT_FALSE(listened);
    EXPECT_THAT(trace, ElementsAre("failed kaboom"));
    EXPECT_THAT(emitter.EventNames(), IsEmpty());
  }
  {
    // Waiting for an error is not failing with it.
    const std::exception_ptr error = ErrorOf("kaboom");
    loop.NextTick([&] { emitter.Emit<ErrorEvent>(error); });
    const auto once = emitter.Once<ErrorEvent>();
    loop.Run();
    EXPECT_EQ(once.value(), error);
    EXPECT_THAT(emitter.EventNames(), IsEmpty());
  }
  {
    // A signal: aborted before, meanwhile, and after the event.
    AbortController controller;
    auto aborted = AsStatusOr(emitter.Once<Bar>(controller.signal()));
    auto resolved = AsStatusOr(emitter.Once<Foo>(controller.signal()));
    EXPECT_EQ(controller.signal().listener_count(), 2u);
    emitter.Emit<Foo>(1);
    EXPECT_EQ(controller.signal().listener_count(), 1u);
    controller.Abort(absl::AbortedError("enough"));
    auto late = AsStatusOr(emitter.Once<Bar>(controller.signal()));
    loop.Run();
    EXPECT_EQ(aborted.value().status(), absl::AbortedError("enough"));
    EXPECT_EQ(resolved.value().value(), 1);
    EXPECT_EQ(late.value().status(), absl::AbortedError("enough"));
    EXPECT_THAT(emitter.EventNames(), IsEmpty());
  }
  {
    // Nobody but the wait holds the signal.
    auto late = AsStatusOr(
        emitter.Once<Bar>(AbortSignal::Timeout(absl::Milliseconds(1))));
    const Timer alive = loop.SetInterval(absl::Milliseconds(1), [&] {
      if (late.settled()) loop.Stop();
    });
    loop.Run();
    loop.Clear(alive);
    EXPECT_TRUE(absl::IsDeadlineExceeded(late.value().status()));
  }
}

TEST(NodeEvents, test_events_static_geteventlisteners) {
  EventLoop loop;
  Emitter emitter(loop);
  const auto one = emitter.On<Foo>([] {});
  const auto two = emitter.On<Foo>([] {});
  const auto baz = emitter.On<Baz>([] {});
  emitter.On<Baz>(baz);
  EXPECT_THAT(emitter.Listeners<Foo>(), ElementsAre(one, two));
  EXPECT_THAT(emitter.Listeners<Bar>(), IsEmpty());
  EXPECT_THAT(emitter.Listeners<Baz>(), ElementsAre(baz, baz));
  // A target that is a signal tells their number.
  const AbortController controller;
  const AbortSubscription listener = controller.signal().OnAbort([] {});
  EXPECT_EQ(controller.signal().listener_count(), 1u);
}

TEST(NodeEvents, test_events_add_abort_listener) {
  EventLoop loop;
  std::vector<std::string> trace;
  const AbortSignal aborted =
      AbortSignal::Aborted(absl::AbortedError("before"));
  aborted
      .OnAbortReason([&](const absl::Status& reason) {
        trace.push_back(std::string(MessageOf(reason)));
      })
      .Keep();
  AbortSubscription dropped =
      aborted.OnAbort([&] { trace.push_back("dropped"); });
  dropped.Remove();
  EXPECT_THAT(trace, IsEmpty());  // in a microtask
  loop.Run();
  EXPECT_THAT(trace, ElementsAre("before"));

  // What one listener does to itself does not keep the next from running.
  const AbortController controller;
  controller.signal().OnAbort([] { throw std::runtime_error("stop"); }).Keep();
  const AbortSubscription next =
      controller.signal().OnAbort([&] { trace.push_back("next"); });
  {
    const auto gone = controller.signal().OnAbort([] { FAIL(); });
  }
  std::string uncaught;
  loop.OnUncaught([&](std::exception_ptr e) { uncaught = TextOf(e); });
  controller.Abort();
  loop.Run();
  EXPECT_THAT(trace, ElementsAre("before", "next"));
  EXPECT_EQ(uncaught, "stop");
}

Promise<void> RejectWith(std::exception_ptr error) {
  co_await Promise<void>::Resolve();
  std::rethrow_exception(error);
}

// A capturing emitter whose Foo has a listener that rejects with "kaboom", and
// where its errors came out.
struct Capturing {
  Capturing() {
    emitter.On<Foo>([this] { return RejectWith(kaboom); });
    loop.OnUnhandledRejection(
        [this](std::exception_ptr e) { unhandled.push_back(TextOf(e)); });
    loop.OnUncaught(
        [this](std::exception_ptr e) { uncaught.push_back(TextOf(e)); });
  }
  void LogErrors() {
    emitter.On<ErrorEvent>([this](const std::exception_ptr& e) {
      EXPECT_EQ(e, kaboom);
      errors.push_back(TextOf(e));
    });
  }

  EventLoop loop;
  Emitter emitter{loop, {.capture_rejections = true}};
  const std::exception_ptr kaboom = ErrorOf("kaboom");
  std::vector<std::string> errors, unhandled, uncaught;
};

TEST(NodeEvents, test_event_capture_rejections) {
  {
    Capturing test;
    test.LogErrors();
    test.emitter.Emit<Foo>(1);
    EXPECT_THAT(test.errors, IsEmpty());
    test.loop.Run();
    EXPECT_THAT(test.errors, ElementsAre("kaboom"));
  }
  {
    Capturing test;  // two listeners, two errors
    test.LogErrors();
    test.emitter.On<Foo>([&] { return RejectWith(test.kaboom); });
    test.emitter.Emit<Foo>(1);
    test.loop.Run();
    EXPECT_THAT(test.errors, ElementsAre("kaboom", "kaboom"));
    EXPECT_THAT(test.unhandled, IsEmpty());
  }
  {
    Capturing test;  // nobody listens: it is thrown, in a tick
    test.emitter.Emit<Foo>(1);
    test.loop.Run();
    EXPECT_THAT(test.uncaught, ElementsAre("kaboom"));
  }
  {
    // Without it.
    Capturing test;
    Emitter plain(test.loop);
    plain.On<Foo>([&] { return RejectWith(test.kaboom); });
    plain.On<ErrorEvent>([] { FAIL(); });
    plain.Emit<Foo>(1);
    test.loop.Run();
    EXPECT_THAT(test.unhandled, ElementsAre("kaboom"));
  }
  {
    // The rejection method: told the event, and the error event is not used.
    Capturing test;
    test.LogErrors();
    std::vector<std::string> told;
    test.emitter.OnRejection([&](std::exception_ptr e, std::string_view event) {
      told.push_back(StrCat(event, " ", TextOf(e)));
    });
    test.emitter.Emit<Foo>(1);
    test.loop.Run();
    EXPECT_THAT(told, ElementsAre("foo kaboom"));
    EXPECT_THAT(test.errors, IsEmpty());
  }
  {
    // A rejection of the method itself does not come back to it.
    Capturing test;
    int told = 0;
    test.emitter.OnRejection([&](std::exception_ptr, std::string_view) {
      ++told;
      return RejectWith(ErrorOf("again"));
    });
    test.emitter.Emit<Foo>(1);
    test.loop.Run();
    EXPECT_EQ(told, 1);
    EXPECT_THAT(test.unhandled, ElementsAre("again"));
  }
  {
    // Nor does one of an error listener.
    Capturing test;
    int called = 0;
    test.emitter.On<ErrorEvent>([&] {
      ++called;
      return RejectWith(ErrorOf("again"));
    });
    test.emitter.Emit<Foo>(1);
    test.loop.Run();
    EXPECT_EQ(called, 1);
    EXPECT_THAT(test.unhandled, ElementsAre("again"));
  }
  {
    // What an error listener throws is uncaught, and captured goes on.
    Capturing test;
    test.emitter.Once<ErrorEvent>(
        [](const std::exception_ptr& e) { std::rethrow_exception(e); });
    test.emitter.Emit<Foo>(1);
    test.loop.Run();
    EXPECT_THAT(test.uncaught, ElementsAre("kaboom"));
    test.LogErrors();
    test.emitter.Emit<Foo>(1);
    test.loop.Run();
    EXPECT_THAT(test.errors, ElementsAre("kaboom"));
    EXPECT_EQ(test.uncaught.size(), 1u);
  }
}

TEST(NodeEvents, test_eventtarget) {
  EventLoop loop;
  Emitter emitter(loop);
  std::vector<std::string> trace;
  // Twice and once; then removed.
  const auto on = emitter.On<Foo>([&] { trace.push_back("on"); });
  emitter.Once<Foo>([&] { trace.push_back("once"); });
  EXPECT_EQ(emitter.ListenerCount<Foo>(), 2u);
  emitter.Emit<Foo>(1);
  EXPECT_EQ(emitter.ListenerCount<Foo>(), 1u);
  emitter.Emit<Foo>(1);
  emitter.Off<Foo>(on);
  EXPECT_FALSE(emitter.Emit<Foo>(1));
  EXPECT_THAT(trace, ElementsAre("on", "once", "on"));

  // One listener, one payload, two emitters.
  Emitter other(loop);
  std::vector<int> payloads;
  const auto both =
      emitter.On<Baz>([&](const int& n) { payloads.push_back(n); });
  other.On<Baz>(both);
  emitter.Emit<Baz>(3);
  other.Emit<Baz>(3);
  EXPECT_THAT(payloads, ElementsAre(3, 3));

  // The same event may be emitted from inside.
  int depth = 0;
  emitter.Once<Foo>([&] {
    ++depth;
    emitter.Emit<Foo>(1);
  });
  emitter.Emit<Foo>(1);
  EXPECT_EQ(depth, 1);

  // A signal removes the listener, once or not, and lets the emitter go.
  AbortController controller;
  emitter.On<Foo>([] { FAIL(); }, {.signal = controller.signal()});
  emitter.Once<Foo>([] { FAIL(); }, {.signal = controller.signal()});
  controller.Abort();
  EXPECT_FALSE(emitter.Emit<Foo>(1));
  AbortController second;
  emitter.Once<Foo>([&] { ++depth; }, {.signal = second.signal()});
  EXPECT_TRUE(emitter.Emit<Foo>(1));
  EXPECT_EQ(depth, 2);
  EXPECT_EQ(emitter.ListenerCount<Foo>(), 0u);
  EXPECT_EQ(second.signal().listener_count(), 0u);
}

Promise<void> AwaitTwice(Emitter& emitter, int& events) {
  co_await emitter.Once<Foo>();
  ++events;
  co_await emitter.Once<Foo>();
  ++events;
}

TEST(NodeEvents, test_eventtarget_once_twice) {
  EventLoop loop;
  Emitter emitter(loop);
  int events = 0;
  const auto done = AwaitTwice(emitter, events);
  emitter.Emit<Foo>(1);
  loop.SetImmediate([&] { emitter.Emit<Foo>(2); });
  loop.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_EQ(events, 2);
}

}  // namespace
}  // namespace millrace::events_test
