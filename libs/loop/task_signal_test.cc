#include "loop/task_signal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"

namespace millrace {
namespace {

using testing::ElementsAre;

using Trace = std::vector<std::string>;

const absl::Status kReason = absl::AbortedError("told to end");

class TaskSignalTest : public testing::Test {
 protected:
  EventLoop loop_;
  AbortController controller_;
  Trace trace_;
};

Promise<void> Steps(TaskSignal, Trace& trace) {
  for (int i = 1;; ++i) {
    trace.push_back(StrCat("step ", i));
    co_await Promise<void>::Resolve();
  }
}

TEST_F(TaskSignalTest, ACheckedCoroutineThrowsTheReasonAtItsNextAwait) {
  auto steps = AsStatusOr(Steps(controller_.signal(), trace_));
  loop_.QueueMicrotask([this] {
    trace_.push_back("abort");
    controller_.Abort(kReason);
  });
  loop_.Run();
  EXPECT_EQ(steps.value(), kReason);
  EXPECT_THAT(trace_, ElementsAre("step 1", "step 2", "abort"));
}

Promise<void> AwaitWith(const TaskSignal& signal, Promise<int> promise,
                        Trace& trace) {
  static_cast<void>(signal);
  try {
    trace.push_back(StrCat("got ", co_await promise));
  } catch (const StatusError& error) {
    trace.emplace_back(MessageOf(error.status()));
  }
}

TEST_F(TaskSignalTest, AnAwaitLastsUntilItsPromiseHasSettled) {
  const Deferred<int> deferred;
  const TaskSignal signal(controller_.signal());
  const auto checked = AwaitWith(signal, deferred.promise(), trace_);
  // Others who wait for the same promise are not touched.
  const auto free = AwaitWith(TaskSignal(), deferred.promise(), trace_);
  controller_.Abort(kReason);
  loop_.Run();
  EXPECT_FALSE(checked.settled());
  deferred.Resolve(1);
  loop_.Run();
  EXPECT_TRUE(checked.settled() && free.settled());
  EXPECT_THAT(trace_, ElementsAre("told to end", "got 1"));
}

TEST_F(TaskSignalTest, ThePromisesOwnErrorComesFirst) {
  controller_.Abort(kReason);
  const TaskSignal signal(controller_.signal());
  const auto done = AwaitWith(
      signal, Promise<int>::Reject(absl::DataLossError("its own")), trace_);
  loop_.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_THAT(trace_, ElementsAre("its own"));
}

TEST_F(TaskSignalTest, AWaitThatIsGivenTheSignalEndsAtOnce) {
  const Deferred<int> never;
  const TaskSignal signal(controller_.signal());
  const auto done =
      AwaitWith(signal, WithSignal(never.promise(), signal), trace_);
  controller_.Abort(kReason);
  loop_.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_THAT(trace_, ElementsAre("told to end"));
}

Promise<int> Callee(Trace& trace) {
  co_await Delay(absl::Milliseconds(1));
  co_await Delay(absl::Milliseconds(1));
  trace.push_back("callee done");
  co_return 1;
}

// Its callee has a reference to its local: it must not be unwound before.
Promise<void> Caller(TaskSignal, Trace& trace) {
  Trace own;
  try {
    static_cast<void>(co_await Callee(own));
  } catch (const StatusError&) {
    trace.push_back(StrCat("caller: ", own.at(0)));
    throw;
  }
}

TEST_F(TaskSignalTest, ACalleeWithoutTheSignalGoesOnAndIsWaitedFor) {
  auto done = AsStatusOr(Caller(controller_.signal(), trace_));
  controller_.Abort(kReason);
  loop_.Run();
  EXPECT_EQ(done.value(), kReason);
  EXPECT_THAT(trace_, ElementsAre("caller: callee done"));
}

Promise<void> CleansUp(TaskSignal, Trace& trace) {
  const int value = co_await Uncancelled(Promise<int>::Resolve(5));
  trace.push_back(StrCat("cleaned ", value));
  co_await Promise<void>::Resolve();
  trace.push_back("never");
}

TEST_F(TaskSignalTest, AnUncancelledAwaitGivesItsValueInAnAbortedGroup) {
  controller_.Abort(kReason);
  auto done = AsStatusOr(CleansUp(controller_.signal(), trace_));
  loop_.Run();
  EXPECT_EQ(done.value(), kReason);
  EXPECT_THAT(trace_, ElementsAre("cleaned 5"));
}

Promise<std::unique_ptr<int>> Boxed(int n) {
  co_return std::make_unique<int>(n);
}

Promise<void> TakesBoxes(TaskSignal signal, Trace& trace) {
  const TaskSignal moved = std::move(signal);
  const std::unique_ptr<int> taken = co_await Boxed(1);
  Promise<std::unique_ptr<int>> kept = Boxed(2);
  const std::unique_ptr<int>& borrowed = co_await kept;
  const bool there = borrowed != nullptr;
  const std::unique_ptr<int> last = co_await std::move(kept);
  trace.push_back(StrCat(*taken, *last, there));
  co_await Delay(absl::InfiniteDuration(), moved);
}

TEST_F(TaskSignalTest, ValuesAreMovedOrBorrowedAsInAnyCoroutine) {
  auto done = AsStatusOr(TakesBoxes(controller_.signal(), trace_));
  loop_.SetImmediate([this] { controller_.Abort(kReason); });
  loop_.Run();
  EXPECT_EQ(done.value(), kReason);
  EXPECT_THAT(trace_, ElementsAre("12true"));
}

struct Member {
  Promise<void> Run(int, TaskSignal) {
    co_await Promise<void>::Resolve();
    ++after;
  }
  int after = 0;
};

TEST_F(TaskSignalTest, MembersAndLambdasAreCheckedToo) {
  Member member;
  auto run = AsStatusOr(member.Run(1, controller_.signal()));
  auto lambda = AsStatusOr([](int* after, TaskSignal) -> Promise<void> {
    co_await Promise<void>::Resolve();
    ++*after;
  }(&member.after, controller_.signal()));
  controller_.Abort(kReason);
  loop_.Run();
  EXPECT_EQ(run.value(), kReason);
  EXPECT_EQ(lambda.value(), kReason);
  EXPECT_EQ(member.after, 0);
}

}  // namespace
}  // namespace millrace
