#include "loop/promise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/event_loop.h"

namespace millrace {
namespace {

using testing::ElementsAre;

class PromiseTest : public testing::Test {
 protected:
  // Marks each of the next microtasks, to count the hops of something else.
  void CountMicrotasks(int left, int number = 1) {
    loop_.QueueMicrotask([this, left, number] {
      trace_.push_back(std::to_string(number));
      if (left > 1) CountMicrotasks(left - 1, number + 1);
    });
  }

  EventLoop loop_;
  std::vector<std::string> trace_;
};

Promise<int> Answer() { co_return 42; }
Promise<int> AnswerByPromise() { co_return Promise<int>::Resolve(42); }
Promise<void> Throw() {
  throw std::runtime_error("thrown");
  co_return;
}

Promise<void> LogAfter(Promise<int> promise, std::vector<std::string>& trace) {
  trace.push_back("begin");
  const int value = co_await std::move(promise);
  trace.push_back("after " + std::to_string(value));
}

TEST_F(PromiseTest, AwaitOfAValueTakesOneMicrotask) {
  const auto done = LogAfter(Promise<int>::Resolve(1), trace_);
  CountMicrotasks(2);
  loop_.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_THAT(trace_, ElementsAre("begin", "after 1", "1", "2"));
}

Promise<void> AwaitAnswer(std::vector<std::string>& trace) {
  static_cast<void>(co_await Answer());
  trace.push_back("after");
}

TEST_F(PromiseTest, AwaitOfAnAsyncFunctionTakesOneMicrotask) {
  CountMicrotasks(2);
  const auto done = AwaitAnswer(trace_);
  loop_.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_THAT(trace_, ElementsAre("1", "after", "2"));
}

TEST_F(PromiseTest, AwaitOfAnAsyncFunctionThatReturnsAPromiseTakesThree) {
  CountMicrotasks(4);
  const auto done = LogAfter(AnswerByPromise(), trace_);
  loop_.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_THAT(trace_, ElementsAre("begin", "1", "2", "3", "after 42", "4"));
}

TEST_F(PromiseTest, ResolvingWithAPromiseTakesThree) {
  const Deferred<int> deferred;
  CountMicrotasks(4);
  deferred.Resolve(Promise<int>::Resolve(7));
  deferred.Resolve(8);
  const auto done = LogAfter(deferred.promise(), trace_);
  loop_.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_THAT(trace_, ElementsAre("begin", "1", "2", "3", "after 7", "4"));
}

TEST_F(PromiseTest, ThenIsResolvedInTheMicrotaskThatRunsIt) {
  auto promise = Promise<void>::Resolve();
  CountMicrotasks(4);
  for (const char* text : {"a", "b", "c"}) {
    promise = promise.Then([this, text] { trace_.push_back(text); });
  }
  loop_.Run();
  EXPECT_TRUE(promise.settled());
  EXPECT_THAT(trace_, ElementsAre("1", "a", "2", "b", "3", "c", "4"));
}

TEST_F(PromiseTest, ReactionsRunInTheirOrderAndNotInsideResolve) {
  const Deferred<int> deferred;
  const auto first = LogAfter(deferred.promise(), trace_);
  const auto second = deferred.promise().Then(
      [this](int n) { trace_.push_back("then " + std::to_string(n)); });
  deferred.Resolve(5);
  trace_.push_back("resolved");
  loop_.Run();
  EXPECT_TRUE(first.settled() && second.settled());
  EXPECT_THAT(trace_, ElementsAre("begin", "resolved", "after 5", "then 5"));
}

TEST_F(PromiseTest, OnlyTheFirstSettlementCounts) {
  const Deferred<int> deferred;
  deferred.Resolve(1);
  deferred.Resolve(2);
  deferred.Reject(absl::InternalError("late"));
  EXPECT_EQ(deferred.promise().value(), 1);
}

Promise<int> ReturnLater(const Promise<int>& promise) {
  co_await Promise<void>::Resolve();
  co_return promise;
}

// As in JavaScript, which calls it a chaining cycle.
TEST_F(PromiseTest, APromiseThatIsResolvedWithItselfIsRejected) {
  loop_.OnUnhandledRejection([this](std::exception_ptr error) {
    trace_.push_back(absl::StatusCodeToString(StatusFrom(error).code()));
  });
  const Deferred<int> deferred;
  deferred.Resolve(deferred.promise());
  EXPECT_TRUE(deferred.promise().rejected());
  Promise<int> then;
  then = Promise<int>::Resolve(1).Then([&](int) { return then; });
  Promise<int> async;
  async = ReturnLater(async);
  loop_.Run();
  EXPECT_TRUE(then.settled() && async.settled());
  EXPECT_THAT(trace_, ElementsAre("FAILED_PRECONDITION", "FAILED_PRECONDITION",
                                  "FAILED_PRECONDITION"));
}

TEST_F(PromiseTest, ErrorsTravelThroughAwaitAndThen) {
  auto caught = Throw()
                    .Then([this] { trace_.push_back("never"); })
                    .Catch([this](std::exception_ptr error) {
                      trace_.emplace_back(MessageOf(StatusFrom(error)));
                    });
  loop_.Run();
  EXPECT_TRUE(caught.settled());
  EXPECT_FALSE(caught.rejected());
  EXPECT_THAT(trace_, ElementsAre("thrown"));
}

Promise<std::string> Rethrows() {
  try {
    co_await Throw();
  } catch (const std::runtime_error& error) {
    throw StatusError(absl::NotFoundError(error.what()));
  }
  co_return "never";
}

TEST_F(PromiseTest, AwaitThrowsWhatThePromiseWasRejectedWith) {
  const auto promise = Rethrows();
  auto checked =
      promise.Then([](const std::string&) {}, [](const std::exception_ptr&) {});
  loop_.Run();
  ASSERT_TRUE(promise.rejected());
  EXPECT_EQ(StatusFrom(promise.error()), absl::NotFoundError("thrown"));
  EXPECT_FALSE(checked.rejected());
}

TEST_F(PromiseTest, FinallyKeepsTheOutcome) {
  auto good = Answer().Finally([this] { trace_.push_back("good"); });
  auto bad = Throw().Finally([this] { trace_.push_back("bad"); });
  loop_.OnUnhandledRejection([](std::exception_ptr) {});
  loop_.Run();
  EXPECT_EQ(good.value(), 42);
  EXPECT_TRUE(bad.rejected());
  EXPECT_THAT(trace_, ElementsAre("good", "bad"));
}

Promise<std::unique_ptr<int>> Boxed(int n) {
  co_return std::make_unique<int>(n);
}

Promise<void> TakeBoxed(std::vector<std::string>& trace) {
  const std::unique_ptr<int> taken = co_await Boxed(1);
  const auto kept = Boxed(2);
  const std::unique_ptr<int>& seen = co_await kept;
  trace.push_back(std::to_string(*taken) + std::to_string(*seen) +
                  std::to_string(**&kept.value()));
}

TEST_F(PromiseTest, MovesTheValueOutOfATemporaryAndLeavesItInAnLvalue) {
  const auto done = TakeBoxed(trace_);
  auto moved = Boxed(3).Then(
      [this](std::unique_ptr<int> n) { trace_.push_back(std::to_string(*n)); });
  loop_.Run();
  EXPECT_TRUE(done.settled() && moved.settled());
  EXPECT_THAT(trace_, ElementsAre("3", "122"));
}

Promise<void> TakeShared(Promise<std::string> promise, std::string* out) {
  *out = co_await std::move(promise);
}

TEST_F(PromiseTest, CopiesTheValueWhenOthersHoldThePromise) {
  const auto shared = Promise<std::string>::Resolve("a long string, not small");
  std::string a, b;
  const auto first = TakeShared(shared, &a);
  const auto second = TakeShared(shared, &b);
  loop_.Run();
  EXPECT_EQ(a, "a long string, not small");
  EXPECT_EQ(b, a);
  EXPECT_EQ(shared.value(), a);
}

TEST_F(PromiseTest, AnUnobservedRejectionIsReportedWhenTheQueuesAreEmpty) {
  loop_.OnUnhandledRejection([this](std::exception_ptr error) {
    trace_.emplace_back(MessageOf(StatusFrom(error)));
  });
  loop_.SetImmediate([this] {
    static_cast<void>(Throw());
    loop_.NextTick([this] { trace_.push_back("tick"); });
    loop_.QueueMicrotask([this] { trace_.push_back("microtask"); });
  });
  loop_.SetImmediate([this] { trace_.push_back("immediate"); });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("tick", "microtask", "thrown", "immediate"));
}

TEST_F(PromiseTest, ARejectionThatIsObservedInTimeIsNotReported) {
  loop_.OnUnhandledRejection(
      [this](std::exception_ptr) { trace_.push_back("reported"); });
  loop_.SetImmediate([this] {
    auto promise = Promise<int>::Reject(absl::InternalError("x"));
    loop_.NextTick([this, promise] {
      static_cast<void>(promise.Catch([this](const std::exception_ptr&) {
        trace_.push_back("caught");
        return 0;
      }));
    });
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("caught"));
}

TEST_F(PromiseTest, WithoutItsHookARejectionIsUncaught) {
  loop_.OnUncaught([this](std::exception_ptr error) {
    trace_.emplace_back(MessageOf(StatusFrom(error)));
  });
  static_cast<void>(Throw());
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("thrown"));
}

Promise<void> AwaitDropped(Promise<void> promise,
                           std::vector<std::string>& trace) {
  try {
    co_await promise;
  } catch (const StatusError& error) {
    trace.emplace_back(absl::StatusCodeToString(error.status().code()));
  }
}

TEST_F(PromiseTest, ADroppedDeferredTellsWhoWaits) {
  auto deferred = std::make_unique<Deferred<void>>();
  const auto done = AwaitDropped(deferred->promise(), trace_);
  auto copy = std::make_unique<Deferred<void>>(*deferred);
  loop_.SetImmediate([&] { deferred.reset(); });
  loop_.SetImmediate([&] {
    EXPECT_FALSE(done.settled());
    copy.reset();
  });
  loop_.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_THAT(trace_, ElementsAre("INTERNAL"));
}

TEST_F(PromiseTest, ADeferredThatNobodyWaitsForIsDroppedInSilence) {
  loop_.OnUnhandledRejection(
      [this](std::exception_ptr) { trace_.push_back("reported"); });
  Promise<void> kept;
  {
    const Deferred<void> deferred;
    kept = deferred.promise();
  }
  loop_.Run();
  EXPECT_TRUE(kept.rejected());
  EXPECT_TRUE(trace_.empty());
}

Promise<int> Sum(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await Sum(depth - 1);
}

TEST_F(PromiseTest, DeepAndLongChainsSettle) {
  const auto deep = Sum(2000);
  auto chain = Promise<int>::Resolve(0);
  for (int i = 0; i < 20000; ++i) {
    chain = std::move(chain).Then([](int n) { return n + 1; });
  }
  loop_.Run();
  EXPECT_EQ(deep.value(), 2000);
  EXPECT_EQ(chain.value(), 20000);
}

TEST_F(PromiseTest, ParametersOfACoroutineGoWhenItHasEnded) {
  auto alive = std::make_shared<int>(1);
  struct Holder {
    static Promise<void> Hold(std::shared_ptr<int>) {
      co_await Promise<void>::Resolve();
    }
  };
  const auto done = Holder::Hold(alive);
  EXPECT_EQ(alive.use_count(), 2);
  loop_.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(PromiseDeathTest, SettlingOnAnotherThreadEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        EventLoop loop;
        const Deferred<void> deferred;
        const auto then = deferred.promise().Then([] {});
        std::thread([&] { deferred.Resolve(); }).join();
      },
      "on a thread that is not its loop's");
}

}  // namespace
}  // namespace millrace
