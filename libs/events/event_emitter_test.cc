#include "events/event_emitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>

#include "base/strings.h"
#include "loop/combinators.h"

namespace millrace {
namespace {

using testing::ElementsAre;

struct Shop {
  struct Sold {
    using Payload = int;
    static constexpr size_t kIndex = 0;
    static constexpr std::string_view kName = "Sold";
  };
  struct Closed {
    using Payload = std::string;
    static constexpr size_t kIndex = 1;
    static constexpr std::string_view kName = "Closed";
  };
  static constexpr size_t kEventCount = 2;
};

std::exception_ptr Error(const char* text) {
  return std::make_exception_ptr(std::runtime_error(text));
}

class EventEmitterTest : public testing::Test {
 protected:
  auto Log(std::string text) {
    return [this, text] { trace_.push_back(text); };
  }

  EventLoop loop_;
  EventEmitter<Shop> shop_{loop_};
  std::vector<std::string> trace_;
};

TEST_F(EventEmitterTest, EmitCallsInOrderAndSaysWhetherAnybodyListens) {
  EXPECT_FALSE(shop_.Emit<Shop::Sold>(1));
  shop_.On<Shop::Sold>(
      [this](const int& n) { trace_.push_back("first " + std::to_string(n)); });
  shop_.On<Shop::Sold>(Log("second"));
  shop_.PrependListener<Shop::Sold>(Log("before"));
  EXPECT_TRUE(shop_.Emit<Shop::Sold>(7));
  EXPECT_FALSE(shop_.Emit<Shop::Closed>("x"));
  EXPECT_THAT(trace_, ElementsAre("before", "first 7", "second"));
}

TEST_F(EventEmitterTest, WhatAListenerChangesCountsFromTheNextEmitOn) {
  Listener<Shop::Sold> second;
  shop_.On<Shop::Sold>([&] {
    trace_.push_back("first");
    shop_.Off<Shop::Sold>(second);
    shop_.On<Shop::Sold>(Log("added"));
  });
  second = shop_.On<Shop::Sold>(Log("second"));
  shop_.Emit<Shop::Sold>(1);
  EXPECT_THAT(trace_, ElementsAre("first", "second"));
  trace_.clear();
  shop_.Emit<Shop::Sold>(1);
  EXPECT_THAT(trace_, ElementsAre("first", "added"));
}

TEST_F(EventEmitterTest, OnceIsCalledOnceAlsoWhenEmitsNest) {
  shop_.On<Shop::Sold>([&](const int& n) {
    if (n > 0) shop_.Emit<Shop::Sold>(n - 1);
  });
  shop_.Once<Shop::Sold>(
      [this](const int& n) { trace_.push_back(std::to_string(n)); });
  shop_.Emit<Shop::Sold>(2);
  EXPECT_THAT(trace_, ElementsAre("0"));
  EXPECT_EQ(shop_.ListenerCount<Shop::Sold>(), 1u);
}

TEST_F(EventEmitterTest, OffRemovesTheInstanceAddedLastWrappedOrNot) {
  const auto a = shop_.MakeListener<Shop::Sold>(Log("a"));
  const auto b = shop_.MakeListener<Shop::Sold>(Log("b"));
  shop_.On<Shop::Sold>(a);
  shop_.On<Shop::Sold>(b);
  shop_.Once<Shop::Sold>(a);
  EXPECT_EQ(shop_.ListenerCount<Shop::Sold>(a), 2u);
  EXPECT_THAT(shop_.Listeners<Shop::Sold>(), ElementsAre(a, b, a));
  EXPECT_FALSE(shop_.RawListeners<Shop::Sold>()[2] == a);
  EXPECT_TRUE(shop_.Off<Shop::Sold>(a));
  EXPECT_THAT(shop_.Listeners<Shop::Sold>(), ElementsAre(a, b));
  EXPECT_TRUE(shop_.Off<Shop::Sold>(a));
  EXPECT_FALSE(shop_.Off<Shop::Sold>(a));
  shop_.Emit<Shop::Sold>(1);
  EXPECT_THAT(trace_, ElementsAre("b"));
}

TEST_F(EventEmitterTest, AnErrorOfAListenerLeavesEmitAndSkipsTheRest) {
  shop_.On<Shop::Sold>([] { throw std::runtime_error("broken"); });
  shop_.On<Shop::Sold>(Log("never"));
  EXPECT_THROW(shop_.Emit<Shop::Sold>(1), std::runtime_error);
  EXPECT_TRUE(trace_.empty());
}

TEST_F(EventEmitterTest, AnErrorEventWithoutListenerIsThrown) {
  shop_.On<ErrorMonitor>(Log("monitor"));
  EXPECT_THROW(shop_.Emit<ErrorEvent>(Error("e")), std::runtime_error);
  shop_.On<ErrorEvent>(Log("handled"));
  EXPECT_TRUE(shop_.Emit<ErrorEvent>(Error("e")));
  EXPECT_THAT(trace_, ElementsAre("monitor", "monitor", "handled"));
}

TEST_F(EventEmitterTest, AnErrorGoesToWhomTheMonitorRemovesAllAtOnce) {
  // Seen in Node: require("events") with e.on(errorMonitor, () =>
  // e.removeAllListeners()) still calls the listeners of "error", and once
  // more throws; with e.removeAllListeners("error") it throws at once.
  shop_.On<ErrorMonitor>([this] { shop_.RemoveAllListeners(); });
  shop_.On<ErrorEvent>(Log("old"));
  EXPECT_TRUE(shop_.Emit<ErrorEvent>(Error("e")));
  EXPECT_THAT(trace_, ElementsAre("old"));
  EXPECT_THROW(shop_.Emit<ErrorEvent>(Error("e")), std::runtime_error);
  shop_.On<ErrorMonitor>([this] { shop_.RemoveAllListeners<ErrorEvent>(); });
  shop_.On<ErrorEvent>(Log("never"));
  EXPECT_THROW(shop_.Emit<ErrorEvent>(Error("e")), std::runtime_error);
  EXPECT_THAT(trace_, ElementsAre("old"));
}

TEST_F(EventEmitterTest, AnErrorGoesToTheLastListenerOfAllAlsoWhenRemoved) {
  // Seen in Node with e.once(errorMonitor, () => e.off("error", f)).
  const auto last = shop_.On<ErrorEvent>(Log("last"));
  shop_.Once<ErrorMonitor>([&] { shop_.Off<ErrorEvent>(last); });
  EXPECT_TRUE(shop_.Emit<ErrorEvent>(Error("e")));
  EXPECT_THAT(trace_, ElementsAre("last"));
  EXPECT_TRUE(shop_.EventNames().empty());
}

TEST_F(EventEmitterTest, TellsOfListenersBeforeAddingAndAfterRemoving) {
  shop_.On<NewListener>([this](const ListenerChange& change) {
    trace_.push_back("new " + std::string(change.event) + " " +
                     std::to_string(shop_.ListenerCount<Shop::Sold>()));
  });
  shop_.On<RemoveListener>([this](const ListenerChange& change) {
    trace_.push_back("removed " + std::string(change.event) + " " +
                     std::to_string(shop_.ListenerCount<Shop::Sold>()));
  });
  shop_.On<Shop::Sold>(Log("a"));
  shop_.On<Shop::Sold>(Log("b"));
  shop_.RemoveAllListeners<Shop::Sold>();
  EXPECT_THAT(trace_,
              ElementsAre("new removeListener 0", "new Sold 0", "new Sold 1",
                          "removed Sold 1", "removed Sold 0"));
}

TEST_F(EventEmitterTest, RemovesTheMonitorBehindTheOthers) {
  shop_.On<ErrorMonitor>(Log("monitor"));
  shop_.On<RemoveListener>([this](const ListenerChange& change) {
    trace_.push_back(std::string(change.event));
  });
  shop_.On<Shop::Sold>(Log("sold"));
  shop_.RemoveAllListeners();
  EXPECT_THAT(trace_, ElementsAre("Sold", "errorMonitor"));
}

TEST_F(EventEmitterTest, NamesComeInTheOrderOfTheFirstListener) {
  shop_.On<ErrorMonitor>(Log("m"));
  const auto closed = shop_.On<Shop::Closed>(Log("c"));
  shop_.On<Shop::Sold>(Log("s"));
  EXPECT_THAT(shop_.EventNames(),
              ElementsAre("Closed", "Sold", "errorMonitor"));
  shop_.Off<Shop::Closed>(closed);
  shop_.On<Shop::Closed>(closed);
  EXPECT_THAT(shop_.EventNames(),
              ElementsAre("Sold", "Closed", "errorMonitor"));
  shop_.RemoveAllListeners();
  EXPECT_TRUE(shop_.EventNames().empty());
}

TEST_F(EventEmitterTest, WarnsOnceOfALeak) {
  shop_.OnLeakWarning([this](const LeakWarning& warning) {
    trace_.push_back(std::string(warning.event) + " " +
                     std::to_string(warning.count));
  });
  for (int i = 0; i < 13; ++i) shop_.On<Shop::Sold>([] {});
  EXPECT_THAT(trace_, ElementsAre("Sold 11"));
  shop_.SetMaxListeners(0);
  for (int i = 0; i < 13; ++i) shop_.On<Shop::Closed>([] {});
  EXPECT_EQ(trace_.size(), 1u);
}

// As Node's process.emitWarning() has it.
TEST_F(EventEmitterTest, ALeakThatNobodyAskedForIsAWarningOfTheLoop) {
  loop_.OnWarning([this](const Warning& warning) {
    trace_.push_back(warning.name);
    trace_.push_back(warning.message);
  });
  for (int i = 0; i < 13; ++i) shop_.On<Shop::Sold>([] {});
  EXPECT_THAT(trace_, ElementsAre());
  loop_.Run();
  ASSERT_EQ(trace_.size(), 2u);
  EXPECT_EQ(trace_[0], "MaxListenersExceededWarning");
  EXPECT_THAT(trace_[1], testing::StartsWith("11 listeners of 'Sold' on one "));
}

TEST_F(EventEmitterTest, DispatchesLaterWithACopyOfThePayload) {
  const auto main = std::this_thread::get_id();
  bool elsewhere = false;
  shop_.On<Shop::Closed>(Log("immediate"), {.dispatch = Dispatch::kImmediate});
  shop_.On<Shop::Closed>([this](const std::string& s) { trace_.push_back(s); },
                         {.dispatch = Dispatch::kNextTick});
  shop_.On<Shop::Closed>(
      [&] { elsewhere = std::this_thread::get_id() != main; },
      {.dispatch = Dispatch::kWorker});
  shop_.On<Shop::Closed>(Log("sync"));
  std::string payload = "tick";
  shop_.Emit<Shop::Closed>(payload);
  payload = "changed";
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("sync", "tick", "immediate"));
  EXPECT_TRUE(elsewhere);
}

TEST_F(EventEmitterTest, AnAbortedSignalRemovesTheListener) {
  AbortController controller;
  shop_.On<Shop::Sold>(Log("a"), {.signal = controller.signal()});
  shop_.Emit<Shop::Sold>(1);
  controller.Abort();
  EXPECT_FALSE(shop_.Emit<Shop::Sold>(1));
  shop_.On<Shop::Sold>(Log("late"), {.signal = controller.signal()});
  EXPECT_FALSE(shop_.Emit<Shop::Sold>(1));
  EXPECT_THAT(trace_, ElementsAre("a"));
}

Promise<void> Fails() {
  co_await Promise<void>::Resolve();
  throw std::runtime_error("late");
}

TEST_F(EventEmitterTest, CapturesRejectionsOfAsynchronousListeners) {
  EventEmitter<Shop> shop(loop_, {.capture_rejections = true});
  shop.On<Shop::Sold>([] { return Fails(); });
  shop.On<ErrorEvent>([this](const std::exception_ptr& error) {
    trace_.push_back(std::string(MessageOf(StatusFrom(error))));
  });
  shop.Emit<Shop::Sold>(1);
  EXPECT_TRUE(trace_.empty());
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("late"));
}

TEST_F(EventEmitterTest, WithoutCaptureARejectionIsUnhandled) {
  loop_.OnUnhandledRejection([this](std::exception_ptr error) {
    trace_.push_back(std::string(MessageOf(StatusFrom(error))));
  });
  shop_.On<Shop::Sold>([] { return Fails(); });
  shop_.Emit<Shop::Sold>(1);
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("late"));
}

Promise<void> Await(EventEmitter<Shop>& shop, std::vector<std::string>& trace) {
  const std::string payload = co_await shop.Once<Shop::Closed>();
  trace.push_back(payload);
  try {
    co_await shop.Once<Shop::Sold>();
  } catch (const std::runtime_error& error) {
    trace.push_back(error.what());
  }
}

TEST_F(EventEmitterTest, OnceCanBeAwaited) {
  const auto done = Await(shop_, trace_);
  loop_.SetImmediate([this] {
    shop_.Emit<Shop::Closed>("bye");
    EXPECT_TRUE(shop_.EventNames().empty());
  });
  loop_.SetImmediate([this] { shop_.Emit<ErrorEvent>(Error("oh")); });
  loop_.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_THAT(trace_, ElementsAre("bye", "oh"));
  EXPECT_TRUE(shop_.EventNames().empty());
}

TEST_F(EventEmitterTest, AwaitedOnceTakesTwoMicrotasks) {
  const auto promise = shop_.Once<Shop::Sold>();
  const auto logged =
      promise.Then([this](const int&) { trace_.push_back("once"); });
  loop_.SetImmediate([this] {
    shop_.Emit<Shop::Sold>(1);
    loop_.QueueMicrotask([this] {
      trace_.push_back("1");
      loop_.QueueMicrotask([this] { trace_.push_back("2"); });
    });
  });
  loop_.Run();
  EXPECT_TRUE(logged.settled());
  EXPECT_THAT(trace_, ElementsAre("1", "once", "2"));
}

TEST_F(EventEmitterTest, AnAbandonedOnceTellsItsWaiter) {
  auto shop = std::make_unique<EventEmitter<Shop>>(loop_);
  AbortController controller;
  auto outcome = AsStatusOr(shop->Once<Shop::Sold>(controller.signal()));
  loop_.SetImmediate([&] { shop.reset(); });
  loop_.Run();
  ASSERT_TRUE(outcome.settled());
  EXPECT_EQ(outcome.value().status().code(), absl::StatusCode::kInternal);
}

Promise<void> Collect(Stream<int> stream, std::vector<std::string>& trace) {
  while (std::optional<int> n = co_await stream.Next()) {
    trace.push_back(std::to_string(*n));
    if (*n == 3) break;
  }
}

TEST_F(EventEmitterTest, AStreamOfEventsBuffersAndGoesWithItsReader) {
  auto stream = shop_.Events<Shop::Sold>();
  shop_.Emit<Shop::Sold>(1);
  shop_.Emit<Shop::Sold>(2);
  const auto done = Collect(std::move(stream), trace_);
  loop_.SetImmediate([this] { shop_.Emit<Shop::Sold>(3); });
  loop_.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_THAT(trace_, ElementsAre("1", "2", "3"));
  EXPECT_EQ(shop_.ListenerCount<Shop::Sold>(), 0u);
}

TEST_F(EventEmitterTest, MayBeDestroyedInsideAnEmit) {
  auto shop = std::make_unique<EventEmitter<Shop>>(loop_);
  shop->Once<Shop::Sold>([&] {
    shop.reset();
    trace_.push_back("gone");
  });
  shop->Once<Shop::Sold>(Log("still called"));
  shop->Emit<Shop::Sold>(1);
  EXPECT_THAT(trace_, ElementsAre("gone", "still called"));
}

}  // namespace
}  // namespace millrace
