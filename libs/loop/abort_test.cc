#include "loop/abort.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "loop/event_loop.h"

namespace millrace {
namespace {

using testing::ElementsAre;

class AbortTest : public testing::Test {
 protected:
  Task Log(std::string text) {
    return [this, text] { trace_.push_back(text); };
  }

  EventLoop loop_;
  AbortController controller_;
  std::vector<std::string> trace_;
};

TEST_F(AbortTest, ADefaultSignalNeverAborts) {
  const AbortSignal signal;
  EXPECT_FALSE(signal.aborted());
  EXPECT_FALSE(signal.can_abort());
  EXPECT_TRUE(signal.reason().ok());
  signal.OnAbort(Log("never")).Keep();
  signal.ThrowIfAborted();
}

TEST_F(AbortTest, ListenersRunInsideAbortInTheirOrderOnce) {
  controller_.signal().OnAbort(Log("a")).Keep();
  controller_.signal().OnAbort(Log("b")).Keep();
  controller_.Abort(absl::AbortedError("first"));
  controller_.Abort(absl::InternalError("second"));
  EXPECT_THAT(trace_, ElementsAre("a", "b"));
  EXPECT_EQ(controller_.signal().reason(), absl::AbortedError("first"));
  EXPECT_THROW(controller_.signal().ThrowIfAborted(), StatusError);
}

TEST_F(AbortTest, ADroppedSubscriptionRemovesTheListener) {
  { const AbortSubscription dropped = controller_.signal().OnAbort(Log("a")); }
  AbortSubscription removed = controller_.signal().OnAbort(Log("b"));
  const AbortSubscription kept = controller_.signal().OnAbort(Log("c"));
  removed.Remove();
  controller_.Abort();
  EXPECT_THAT(trace_, ElementsAre("c"));
}

TEST_F(AbortTest, AListenerMayRemoveTheNextOne) {
  AbortSubscription second;
  controller_.signal().OnAbort([&] { second.Remove(); }).Keep();
  second = controller_.signal().OnAbort(Log("never"));
  controller_.signal().OnAbort(Log("third")).Keep();
  controller_.Abort();
  EXPECT_THAT(trace_, ElementsAre("third"));
}

TEST_F(AbortTest, OnAnAbortedSignalAListenerRunsInAMicrotask) {
  controller_.Abort();
  controller_.signal().OnAbort(Log("late")).Keep();
  {
    const AbortSubscription dropped = controller_.signal().OnAbort(Log("gone"));
  }
  trace_.push_back("main");
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("main", "late"));
}

TEST_F(AbortTest, WhatAListenerThrowsIsThrownInATick) {
  loop_.OnUncaught([this](std::exception_ptr error) {
    trace_.push_back(StatusFrom(error).ToString());
  });
  controller_.signal().OnAbort([] { Throw(absl::UnknownError("x")); }).Keep();
  controller_.signal().OnAbort(Log("next")).Keep();
  controller_.Abort();
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("next", "UNKNOWN: x"));
}

TEST_F(AbortTest, AnyFollowsTheFirst) {
  AbortController other;
  const AbortSignal any =
      AbortSignal::Any({controller_.signal(), {}, other.signal()});
  any.OnAbort(Log("any")).Keep();
  other.Abort(absl::AbortedError("other"));
  controller_.Abort();
  EXPECT_EQ(any.reason(), absl::AbortedError("other"));
  EXPECT_THAT(trace_, ElementsAre("any"));
  EXPECT_TRUE(AbortSignal::Any({other.signal()}).aborted());
}

TEST_F(AbortTest, TimeoutAbortsButDoesNotKeepTheLoop) {
  const AbortSignal late = AbortSignal::Timeout(absl::Seconds(1000));
  loop_.Run();
  EXPECT_FALSE(late.aborted());
  const AbortSignal soon = AbortSignal::Timeout(absl::Milliseconds(1));
  loop_.SetTimeout(absl::Milliseconds(20), [] {});
  loop_.Run();
  EXPECT_EQ(soon.reason().code(), absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace millrace
