#include "loop/task_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
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
using testing::HasSubstr;

using Trace = std::vector<std::string>;

class TaskGroupTest : public testing::Test {
 protected:
  TaskGroupTest() {
    loop_.OnUncaught([this](std::exception_ptr error) {
      uncaught_.push_back(StatusFrom(error).ToString());
    });
  }

  // Runs the loop, and gives the error that `promise` was rejected with.
  template <typename T>
  std::exception_ptr ErrorOf(Promise<T> promise) {
    auto settled = AsStatusOr(promise);
    loop_.Run();
    EXPECT_TRUE(promise.settled());
    return promise.settled() && promise.rejected() ? promise.error() : nullptr;
  }

  EventLoop loop_;
  Trace trace_;
  Trace uncaught_;
};

Promise<void> UntilAborted(AbortSignal signal, Trace& trace) {
  co_await AsStatusOr(Delay(absl::InfiniteDuration(), signal));
  trace.push_back("told");
}

Promise<void> Forever(TaskSignal signal) {
  co_await Delay(absl::InfiniteDuration(), signal);
}

Promise<void> FailsSoon(TaskSignal, absl::Status status) {
  co_await Delay(absl::Milliseconds(1));
  throw StatusError(std::move(status));
}

// Fails with its own error when it is aborted.
Promise<void> FailsWhenAborted(AbortSignal signal, absl::Status status) {
  co_await AsStatusOr(Delay(absl::InfiniteDuration(), signal));
  throw StatusError(std::move(status));
}

TEST_F(TaskGroupTest, TheFirstErrorEndsTheGroupAndIsReported) {
  const TaskGroup group;
  group.Spawn(UntilAborted(group.signal(), trace_));
  group.Spawn(&Forever);
  group.Spawn(&FailsSoon, absl::NotFoundError("child"));
  EXPECT_EQ(group.running(), 3u);
  EXPECT_EQ(StatusFrom(ErrorOf(group.Join())), absl::NotFoundError("child"));
  EXPECT_THAT(trace_, ElementsAre("told"));
  EXPECT_EQ(group.running(), 0u);
}

TEST_F(TaskGroupTest, OtherErrorsAreAttachedAndTold) {
  absl::Status first = absl::NotFoundError("no such user");
  first.SetPayload("type.example/Detail", absl::Cord("detail"));
  const TaskGroup group;
  group.Spawn(&FailsWhenAborted, absl::DataLossError("disk full"));
  group.Spawn(&FailsWhenAborted, absl::UnknownError("timed out"));
  group.Spawn(&FailsWhenAborted, absl::CancelledError("not its own"));
  group.Spawn(&Forever);
  group.Spawn(&FailsSoon, first);
  const std::exception_ptr error = ErrorOf(group.Join());
  const absl::Status status = StatusFrom(error);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(),
            "no such user (and 2 more: disk full; timed out)");
  EXPECT_EQ(status.GetPayload("type.example/Detail"), absl::Cord("detail"));
  try {
    std::rethrow_exception(error);
  } catch (const GroupError& group_error) {
    EXPECT_EQ(StatusFrom(group_error.first()), first);
    ASSERT_EQ(group_error.others().size(), 2u);
    EXPECT_EQ(StatusFrom(group_error.others()[1]),
              absl::UnknownError("timed out"));
  }
}

TEST_F(TaskGroupTest, ManyOthersAreCountedAndSomeTold) {
  const TaskGroup group;
  for (int i = 0; i < 5; ++i) {
    group.Spawn(&FailsWhenAborted, absl::DataLossError(StrCat("e", i)));
  }
  group.Abort(absl::AbortedError("end"));
  EXPECT_EQ(StatusFrom(ErrorOf(group.Join())),
            absl::AbortedError("end (and 5 more: e0; e1; e2; ...)"));
}

TEST_F(TaskGroupTest, AnErrorThatIsAloneKeepsItsType) {
  const TaskGroup group;
  group.Spawn([](TaskSignal) -> Promise<void> {
    throw std::runtime_error("a plain function throws");
  });
  const std::exception_ptr error = ErrorOf(group.Join());
  ASSERT_NE(error, nullptr);
  EXPECT_THROW(std::rethrow_exception(error), std::runtime_error);
}

Promise<void> WithInner(TaskSignal signal) {
  const TaskGroup inner(signal);
  inner.Spawn(&FailsWhenAborted, absl::DataLossError("inner"));
  inner.Spawn(&Forever);
  co_await Uncancelled(inner.Join());
}

TEST_F(TaskGroupTest, AGroupInAGroupReportsAllItsErrors) {
  const TaskGroup group;
  group.Spawn(&WithInner);
  group.Spawn(&FailsSoon, absl::NotFoundError("outer"));
  const absl::Status status = StatusFrom(ErrorOf(group.Join()));
  EXPECT_EQ(status, absl::NotFoundError("outer (and 1 more: inner)"));
}

TEST_F(TaskGroupTest, FollowsItsParentAndJoinsWithoutChildren) {
  AbortController parent;
  const TaskGroup group(parent.signal());
  group.Spawn(UntilAborted(group.signal(), trace_));
  loop_.SetImmediate([&] { parent.Abort(); });
  EXPECT_EQ(ErrorOf(group.Join()), nullptr);
  EXPECT_THAT(trace_, ElementsAre("told"));
  EXPECT_TRUE(TaskGroup().Join().settled());
}

TEST_F(TaskGroupTest, ReportsTheReasonWhenAChildHasEndedByIt) {
  const TaskGroup group;
  group.Spawn(&Forever);
  group.Abort(absl::UnavailableError("going down"));
  // Not called at all by now.
  group.Spawn([this](TaskSignal) {
    trace_.push_back("called");
    return Promise<void>::Resolve();
  });
  EXPECT_EQ(StatusFrom(ErrorOf(group.Join())),
            absl::UnavailableError("going down"));
  EXPECT_TRUE(trace_.empty());
}

TEST_F(TaskGroupTest, AFunctionThatIsNotCalledHasEndedByTheReason) {
  AbortController parent;
  parent.Abort(absl::UnavailableError("going down"));
  const TaskGroup group(parent.signal());
  group.Spawn(&Forever);
  EXPECT_EQ(StatusFrom(ErrorOf(group.Join())),
            absl::UnavailableError("going down"));
  const TaskGroup stopped;
  stopped.Stop();
  stopped.Spawn(&Forever);
  EXPECT_EQ(ErrorOf(stopped.Join()), nullptr);
}

TEST_F(TaskGroupTest, StoppedHelpersAreNoFailureButTheirErrorsAre) {
  const TaskGroup good;
  good.Spawn(&Forever);
  good.Stop();
  EXPECT_EQ(ErrorOf(good.Join()), nullptr);
  const TaskGroup bad;
  bad.Spawn(&Forever);
  bad.Spawn(&FailsWhenAborted, absl::DataLossError("lost"));
  bad.Stop();
  EXPECT_EQ(StatusFrom(ErrorOf(bad.Join())), absl::DataLossError("lost"));
}

TEST_F(TaskGroupTest, AClosureLivesAsLongAsItsChild) {
  const TaskGroup group;
  auto token = std::make_shared<int>(1);
  std::weak_ptr<int> alive = token;
  std::optional<bool> seen;
  group.Spawn([token = std::move(token), alive, &seen](TaskSignal signal) {
    return Delay(absl::Milliseconds(1), signal).Then([alive, &seen] {
      seen = !alive.expired();
    });
  });
  EXPECT_EQ(ErrorOf(group.Join()), nullptr);
  EXPECT_EQ(seen, true);
  EXPECT_TRUE(alive.expired());
}

TEST_F(TaskGroupTest, AGroupThatHasEndedTakesNoMore) {
  const TaskGroup group;
  EXPECT_TRUE(group.Join().settled());
  EXPECT_THROW(group.Spawn(&Forever), StatusError);
}

TEST_F(TaskGroupTest, ADroppedGroupWithChildrenIsAbortedAndReported) {
  const Deferred<void> deferred;
  TaskGroup().Spawn(deferred.promise());
  {
    const TaskGroup group;
    group.Spawn(UntilAborted(group.signal(), trace_));
    group.Spawn(&Forever);
  }
  loop_.Run();
  ASSERT_EQ(uncaught_.size(), 2u);
  EXPECT_THAT(uncaught_[0], HasSubstr("dropped while 1 child was running"));
  EXPECT_THAT(uncaught_[1], HasSubstr("2 children were running"));
  EXPECT_THAT(trace_, ElementsAre("told"));
}

TEST_F(TaskGroupTest, DroppedAfterAbortOrWithAJoinPendingIsNoMistake) {
  Promise<void> joined;
  {
    const TaskGroup group;
    group.Spawn(Delay(absl::Milliseconds(1)));
    joined = group.Join();
    const TaskGroup aborted;
    aborted.Spawn(UntilAborted(aborted.signal(), trace_));
    aborted.Abort();
  }
  loop_.Run();
  EXPECT_TRUE(joined.settled());
  EXPECT_THAT(trace_, ElementsAre("told"));
  EXPECT_TRUE(uncaught_.empty());
}

TEST_F(TaskGroupTest, WhatADroppedAbortedGroupReportsAreItsChildrensErrors) {
  AbortController parent;
  {
    const TaskGroup aborted;
    aborted.Spawn(&Forever);
    aborted.Abort();
    const TaskGroup following(parent.signal());
    following.Spawn(&Forever);
    parent.Abort(absl::UnavailableError("going down"));
    following.Spawn(&Forever);
  }
  loop_.Run();
  EXPECT_TRUE(uncaught_.empty());
  {
    const TaskGroup group;
    group.Spawn(&Forever);
    group.Spawn(&FailsWhenAborted, absl::DataLossError("first"));
    group.Spawn(&FailsWhenAborted, absl::UnknownError("second"));
    group.Abort();
  }
  loop_.Run();
  EXPECT_THAT(uncaught_, ElementsAre("DATA_LOSS: first (and 1 more: second)"));
}

TEST_F(TaskGroupTest, AnErrorOfAGroupThatNobodyJoinsIsReported) {
  {
    const TaskGroup group;
    group.Spawn(&FailsSoon, absl::NotFoundError("child"));
    loop_.Run();
    EXPECT_TRUE(uncaught_.empty());
  }
  loop_.Run();
  EXPECT_THAT(uncaught_, ElementsAre("NOT_FOUND: child"));
}

}  // namespace
}  // namespace millrace
