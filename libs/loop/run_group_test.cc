#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "loop/task_group.h"

namespace millrace {
namespace {

using testing::ElementsAre;

using Trace = std::vector<std::string>;

class RunGroupTest : public testing::Test {
 protected:
  template <typename T>
  absl::Status StatusOf(Promise<T> promise) {
    auto settled = AsStatusOr(promise);
    loop_.Run();
    EXPECT_TRUE(promise.settled());
    return promise.settled() && promise.rejected() ? StatusFrom(promise.error())
                                                   : absl::OkStatus();
  }

  EventLoop loop_;
  Trace trace_;
};

Promise<void> Step(TaskSignal signal, int ms, Trace& trace) {
  co_await Delay(absl::Milliseconds(ms), signal);
  trace.push_back(StrCat("child ", ms));
}

Promise<void> Forever(TaskSignal signal) {
  co_await Delay(absl::InfiniteDuration(), signal);
}

Promise<void> Fails(TaskSignal) {
  co_await Promise<void>::Resolve();
  throw StatusError(absl::NotFoundError("child"));
}

// Slow to end: the group has to wait for it.
Promise<void> EndsLate(TaskSignal signal, Trace& trace) {
  auto told = AsStatusOr(Delay(absl::InfiniteDuration(), signal));
  co_await Uncancelled(std::move(told));
  for (int i = 0; i < 3; ++i) {
    co_await Uncancelled(Delay(absl::Milliseconds(1)));
  }
  trace.push_back("late end");
}

TEST_F(RunGroupTest, IsLeftWhenBodyAndChildrenHaveEnded) {
  auto body = [this](TaskGroup group) {
    group.Spawn(&Step, 2, std::ref(trace_));
    group.Spawn(&Step, 1, std::ref(trace_));
    trace_.push_back("body");
    return Promise<std::unique_ptr<int>>::Resolve(std::make_unique<int>(7));
  };
  auto result = RunGroup({}, body).Then([this](std::unique_ptr<int> value) {
    trace_.push_back(StrCat("result ", *value));
  });
  EXPECT_EQ(StatusOf(result), absl::OkStatus());
  EXPECT_THAT(trace_, ElementsAre("body", "child 1", "child 2", "result 7"));
}

TEST_F(RunGroupTest, AChildsErrorReachesTheBodyAndWaitsForAll) {
  struct Body {
    static Promise<int> Run(TaskGroup group, TaskSignal, Trace* trace) {
      group.Spawn(&EndsLate, std::ref(*trace));
      group.Spawn(&Fails);
      while (true) co_await Promise<void>::Resolve();
      co_return 1;
    }
  };
  auto body = [this](TaskGroup group, TaskSignal signal) {
    return Body::Run(std::move(group), std::move(signal), &trace_);
  };
  EXPECT_EQ(StatusOf(RunGroup({}, body)), absl::NotFoundError("child"));
  EXPECT_THAT(trace_, ElementsAre("late end"));
}

TEST_F(RunGroupTest, TheBodysErrorReachesTheChildren) {
  auto body = [this](TaskGroup group) -> Promise<void> {
    group.Spawn(&EndsLate, std::ref(trace_));
    group.Spawn(&Forever);
    throw StatusError(absl::DataLossError("body"));
  };
  EXPECT_EQ(StatusOf(RunGroup({}, body)), absl::DataLossError("body"));
  EXPECT_THAT(trace_, ElementsAre("late end"));
}

TEST_F(RunGroupTest, TheParentsAbortReachesAllAndAnAbortedOneStartsNothing) {
  AbortController parent;
  auto body = [this](TaskGroup group) {
    trace_.push_back("body");
    group.Spawn(&Forever);
    return Promise<void>::Resolve();
  };
  const Promise<void> first = RunGroup(parent.signal(), body);
  loop_.SetImmediate([&] { parent.Abort(absl::AbortedError("parent")); });
  EXPECT_EQ(StatusOf(first), absl::AbortedError("parent"));
  EXPECT_EQ(StatusOf(RunGroup(parent.signal(), body)),
            absl::AbortedError("parent"));
  EXPECT_THAT(trace_, ElementsAre("body"));
}

TEST_F(RunGroupTest, ABodyStopsItsHelpersAndKeepsItsResult) {
  auto body = [](TaskGroup group, TaskSignal) {
    group.Spawn(&Forever);
    group.Stop();
    return Promise<int>::Resolve(3);
  };
  auto result = RunGroup({}, body);
  EXPECT_EQ(StatusOf(result), absl::OkStatus());
  EXPECT_EQ(result.value(), 3);
}

TaskGroupOptions Named(std::string name, absl::Duration deadline) {
  TaskGroupOptions options;
  options.name = std::move(name);
  options.deadline = deadline;
  return options;
}

// A group inside a group, each with a deadline; all wait for it.
struct Nested {
  static Promise<void> Run(absl::Duration outer, absl::Duration inner,
                           absl::Duration* remaining) {
    auto body = [&](TaskGroup, TaskSignal signal) {
      auto nested = [&](TaskGroup, TaskSignal below) {
        *remaining = below.remaining();
        return Forever(below);
      };
      return RunGroup(signal, Named("inner", inner), nested);
    };
    co_await RunGroup({}, Named("outer", outer), body);
  }
};

TEST_F(RunGroupTest, TheTighterDeadlineCountsAndIsNamed) {
  absl::Duration remaining;
  EXPECT_EQ(
      StatusOf(Nested::Run(absl::Milliseconds(5), absl::Hours(1), &remaining)),
      absl::DeadlineExceededError(
          "the deadline of task group outer (5ms) has passed"));
  EXPECT_LE(remaining, absl::Milliseconds(5));
  EXPECT_EQ(
      StatusOf(Nested::Run(absl::Hours(1), absl::Milliseconds(5), &remaining)),
      absl::DeadlineExceededError(
          "the deadline of task group inner (5ms) has passed"));
  EXPECT_LE(remaining, absl::Milliseconds(5));
  EXPECT_EQ(
      StatusOf(Nested::Run(absl::ZeroDuration(), absl::Hours(1), &remaining)),
      absl::DeadlineExceededError(
          "the deadline of task group outer (0) has passed"));
}

// Spawns when the group has been aborted.
Promise<void> SpawnsLate(TaskGroup group) {
  const AbortSignal signal = group.signal();
  co_await AsStatusOr(Delay(absl::InfiniteDuration(), signal));
  group.Spawn(&Forever);
}

TEST_F(RunGroupTest, ASpawnAfterTheDeadlineIsNoSuccess) {
  auto body = [](TaskGroup group) { return SpawnsLate(std::move(group)); };
  EXPECT_EQ(StatusOf(RunGroup({}, Named("late", absl::Milliseconds(1)), body)),
            absl::DeadlineExceededError(
                "the deadline of task group late (1ms) has passed"));
}

TEST_F(RunGroupTest, ADeadlineThatIsKeptLeavesNoTimer) {
  auto body = [](TaskGroup, TaskSignal signal) {
    EXPECT_GT(signal.remaining(), absl::Minutes(59));
    return Promise<int>::Resolve(1);
  };
  auto result = RunGroup({}, Named("quick", absl::Hours(1)), body);
  loop_.Run();  // would last an hour
  EXPECT_EQ(result.value(), 1);
  EXPECT_EQ(TaskSignal().remaining(), absl::InfiniteDuration());
}

}  // namespace
}  // namespace millrace
