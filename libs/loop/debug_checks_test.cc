#include "loop/debug_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "loop/task_group.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using Kind = DebugReport::Kind;

#ifdef NDEBUG
constexpr bool kChecked = false;
#else
constexpr bool kChecked = true;
#endif

class DebugChecksTest : public testing::Test {
 protected:
  DebugChecksTest() : loop_(std::make_unique<EventLoop>()) {
    OnDebugReport(*loop_, [this](const DebugReport& report) {
      reports_.push_back(report);
    });
  }

  std::vector<DebugReport> reports_;
  std::unique_ptr<EventLoop> loop_;
};

Promise<void> WaitsFor(Promise<void> promise) { co_await std::move(promise); }

Promise<void> WaitsInGroup(TaskSignal, Promise<void> promise) {
  co_await std::move(promise);
}

Promise<int> SettlesAtOnce() { co_return 1; }

TEST_F(DebugChecksTest, APendingPromiseThatNobodyAwaitsIsReported) {
  const Deferred<void> deferred;
  static_cast<void>(WaitsFor(deferred.promise()));
  {
    const Promise<void> kept = WaitsInGroup({}, deferred.promise());
    const Promise<void> copy = kept;
    EXPECT_EQ(reports_.size(), kChecked ? 1u : 0u);
  }
  deferred.Resolve();
  loop_->Run();
  if (!kChecked) {
    EXPECT_TRUE(reports_.empty());
    return;
  }
  ASSERT_EQ(reports_.size(), 2u);
  EXPECT_EQ(reports_[0].kind, Kind::kNobodyAwaits);
  EXPECT_THAT(reports_[0].text, HasSubstr("WaitsFor"));
  EXPECT_THAT(reports_[0].text, HasSubstr("debug_checks_test.cc:"));
  EXPECT_THAT(reports_[1].text, HasSubstr("WaitsInGroup"));
}

TEST_F(DebugChecksTest, WhatIsAwaitedSpawnedDetachedOrSettledIsNot) {
  const Deferred<void> deferred;
  const auto outer = WaitsFor(WaitsFor(deferred.promise()));
  const TaskGroup group;
  group.Spawn(WaitsFor(deferred.promise()));
  group.Spawn(&WaitsInGroup, deferred.promise());
  const auto then = WaitsFor(deferred.promise()).Then([] {});
  const auto joined = group.Join();
  WaitsFor(deferred.promise()).Detach();
  static_cast<void>(SettlesAtOnce());
  static_cast<void>(Delay(absl::Milliseconds(1)));
  const auto kept = WaitsFor(deferred.promise());
  deferred.Resolve();
  loop_->Run();
  EXPECT_TRUE(outer.settled() && then.settled() && joined.settled());
  EXPECT_TRUE(reports_.empty());
}

TEST_F(DebugChecksTest, CoroutinesThatOutliveTheLoopAreCountedAndNamed) {
  auto deferred = std::make_unique<Deferred<void>>();
  for (int i = 0; i < 3; ++i) WaitsFor(deferred->promise()).Detach();
  WaitsInGroup({}, deferred->promise()).Detach();
  WaitsFor(Promise<void>::Resolve()).Detach();
  loop_->Run();
  EXPECT_TRUE(reports_.empty());
  loop_.reset();
  deferred.reset();
  if (!kChecked) {
    EXPECT_TRUE(reports_.empty());
    return;
  }
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_EQ(reports_[0].kind, Kind::kOutlivesLoop);
  EXPECT_EQ(reports_[0].coroutines, 4u);
  EXPECT_THAT(reports_[0].text, HasSubstr("4 coroutines were suspended"));
  EXPECT_THAT(reports_[0].text, HasSubstr(", 3 times"));
  EXPECT_THAT(reports_[0].text, HasSubstr("WaitsInGroup"));
}

TEST_F(DebugChecksTest, ALoopThatHasFinishedItsWorkReportsNothing) {
  WaitsFor(Delay(absl::Milliseconds(1))).Detach();
  loop_->Run();
  loop_.reset();
  EXPECT_TRUE(reports_.empty());
}

}  // namespace
}  // namespace millrace
