#include "loop/hooks.h"

#include "loop/node_test.h"
#include "loop/promise.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using LoopHooksTest = NodeTest;

TEST_F(LoopHooksTest, AHookMayReplaceItself) {
  loop_.OnUncaught([this, kept = std::string("kept")](std::exception_ptr) {
    loop_.OnUncaught([this](std::exception_ptr error) {
      trace_.push_back(StrCat("second ", Text(error)));
    });
    trace_.push_back(kept);
  });
  loop_.SetImmediate([] { Fail("a"); });
  loop_.SetImmediate([] { Fail("b"); });
  loop_.OnBeforeExit([this, kept = std::string("before exit")] {
    loop_.OnBeforeExit(nullptr);
    trace_.push_back(kept);
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("kept", "second b", "before exit"));
}

TEST_F(LoopHooksTest, ExitIsToldOncePerRunWithItsReason) {
  std::vector<ExitReason> reasons;
  loop_.OnExit([&](ExitReason reason) { reasons.push_back(reason); });
  loop_.SetImmediate([] {});
  loop_.Run();
  loop_.SetInterval(Ms(1), [this] { loop_.Stop(); });
  loop_.Run();
  EXPECT_THAT(reasons, ElementsAre(ExitReason::kDone, ExitReason::kStopped));
}

TEST_F(LoopHooksTest, WhatTheExitHookMakesWaitsForAnotherRunButForTicks) {
  loop_.OnExit([this](ExitReason) {
    loop_.NextTick(MustNotCall());
    loop_.QueueMicrotask(Log("microtask"));
    loop_.SetImmediate(Log("immediate"));
    loop_.OnExit(nullptr);
  });
  loop_.Run();
  EXPECT_TRUE(trace_.empty());
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("microtask", "immediate"));
}

TEST_F(LoopHooksTest, AnErrorOfTheExitHookIsUncaught) {
  LogUncaught();
  loop_.OnExit([](ExitReason) { Fail("in exit"); });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("uncaught in exit"));
  EXPECT_FALSE(loop_.alive());
}

TEST_F(LoopHooksTest, WarningsGoToStderrWithoutAHandler) {
  testing::internal::CaptureStderr();
  loop_.EmitWarning({"TestWarning", "look out"});
  loop_.Run();
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "millrace: TestWarning: look out\n");
}

TEST_F(LoopHooksTest, AWarningOfTheExitHookIsToldAtOnce) {
  loop_.OnWarning(
      [this](const Warning& warning) { trace_.push_back(warning.message); });
  loop_.OnExit([this](ExitReason) {
    loop_.EmitWarning({"TestWarning", "leaving"});
    trace_.push_back("exit");
  });
  loop_.EmitWarning({"TestWarning", "begun"});
  loop_.NextTick(Log("tick"));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("begun", "tick", "leaving", "exit"));
}

TEST_F(LoopHooksTest, ARejectionHookThatThrowsDoesNotHideOtherRejections) {
  LogUncaught();
  loop_.OnUnhandledRejection([this](std::exception_ptr error) {
    trace_.push_back(StrCat("unhandled ", Text(error)));
    if (trace_.size() == 1) Fail("of the hook");
  });
  for (const char* name : {"a", "b"}) {
    static_cast<void>(Promise<int>::Reject(absl::InternalError(name)));
  }
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("unhandled a", "uncaught of the hook",
                                  "unhandled b"));
}

TEST_F(LoopHooksTest, StrictWarnsOfARejectionWithoutAHook) {
  LogUncaught();
  loop_.SetUnhandledRejections(UnhandledRejections::kStrict);
  loop_.OnWarning([this](const Warning& warning) {
    trace_.push_back(warning.name);
    EXPECT_THAT(warning.message, HasSubstr("INTERNAL: a"));
  });
  static_cast<void>(Promise<int>::Reject(absl::InternalError("a")));
  loop_.Run();
  EXPECT_THAT(trace_,
              ElementsAre("uncaught a", "UnhandledPromiseRejectionWarning"));
}

TEST_F(LoopHooksTest, TheHandledHookIsGivenTheErrorThatWasReported) {
  std::exception_ptr reported, handled;
  loop_.OnUnhandledRejection(
      [&](std::exception_ptr error) { reported = std::move(error); });
  loop_.OnRejectionHandled(
      [&](std::exception_ptr error) { handled = std::move(error); });
  const auto promise = Promise<int>::Reject(absl::InternalError("a"));
  loop_.Run();
  EXPECT_NE(reported, nullptr);
  EXPECT_EQ(handled, nullptr);
  // To look at the error is to handle it.
  EXPECT_EQ(promise.error(), reported);
  loop_.Run();
  EXPECT_EQ(handled, reported);
}

}  // namespace
}  // namespace millrace
