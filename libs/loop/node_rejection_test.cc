#include <utility>

#include "loop/combinators.h"
#include "loop/node_test.h"
#include "loop/promise.h"
#include "loop/timer.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class NodeRejection : public NodeTest {
 protected:
  NodeRejection() {
    loop_.OnWarning(
        [this](const Warning& warning) { trace_.push_back(warning.name); });
    loop_.OnUncaughtMonitor([this](std::exception_ptr, ErrorOrigin origin) {
      origins_.push_back(origin);
    });
    LogUncaught();
  }

  static absl::Status Error(const char* text) {
    return absl::UnknownError(text);
  }
  static Promise<void> Rejected(const char* text = "e") {
    return Promise<void>::Reject(Error(text));
  }
  void RejectTwo() {
    static_cast<void>(Rejected("One"));
    static_cast<void>(Rejected("test"));
    loop_.SetTimeout(Ms(2), MustCall());
  }
  void LogRejections() {
    loop_.OnUnhandledRejection([this](std::exception_ptr error) {
      trace_.push_back(StrCat("unhandled ", Text(error)));
    });
  }
  void LogHandled() {
    loop_.OnRejectionHandled([this](std::exception_ptr error) {
      trace_.push_back(StrCat("handled ", Text(error)));
    });
  }
  static void Catch(const Promise<void>& promise) {
    static_cast<void>(promise.Catch([](const std::exception_ptr&) {}));
  }

  void LogBoth() {
    LogRejections();
    LogHandled();
  }
  void ExpectUnhandled() {
    loop_.Run();
    EXPECT_THAT(trace_, ElementsAre("unhandled e"));
  }
  void ExpectNone() {
    loop_.Run();
    EXPECT_THAT(trace_, IsEmpty());
  }
  // Catches after a tick, a microtask, a tick and a microtask, or beginning
  // with a microtask.
  void CatchLate(const Promise<void>& promise, bool tick_first) {
    const auto last = [this, promise, tick_first] {
      Hop(!tick_first, [promise] { Catch(promise); });
    };
    Hop(tick_first, [this, last, tick_first] {
      Hop(!tick_first, [this, last, tick_first] { Hop(tick_first, last); });
    });
  }
  void Hop(bool tick, Task task) {
    if (tick) {
      loop_.NextTick(std::move(task));
    } else {
      loop_.QueueMicrotask(std::move(task));
    }
  }

  std::vector<ErrorOrigin> origins_;
};

TEST_F(NodeRejection, test_promise_handled_rejection_no_warning) {
  LogRejections();
  static_cast<void>(Rejected());
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("unhandled e"));
}

TEST_F(NodeRejection, test_promise_unhandled_default) {
  LogHandled();
  RejectTwo();
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("uncaught One", "uncaught test"));
  EXPECT_THAT(origins_,
              ElementsAre(ErrorOrigin::kRejection, ErrorOrigin::kRejection));
}

TEST_F(NodeRejection, test_promise_unhandled_throw) {
  loop_.SetUnhandledRejections(UnhandledRejections::kThrow);
  LogHandled();
  RejectTwo();
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("uncaught One", "uncaught test"));
}

TEST_F(NodeRejection, test_promise_unhandled_throw_handler) {
  loop_.SetUnhandledRejections(UnhandledRejections::kThrow);
  LogRejections();
  RejectTwo();
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("unhandled One", "unhandled test"));
  EXPECT_THAT(origins_, IsEmpty());
}

TEST_F(NodeRejection, test_promise_unhandled_error) {
  loop_.SetUnhandledRejections(UnhandledRejections::kStrict);
  LogRejections();
  RejectTwo();
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("uncaught One", "unhandled One",
                                  "uncaught test", "unhandled test"));
}

TEST_F(NodeRejection, test_promise_unhandled_silent) {
  loop_.SetUnhandledRejections(UnhandledRejections::kNone);
  LogRejections();
  RejectTwo();
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("unhandled One", "unhandled test"));
}

TEST_F(NodeRejection, test_promise_unhandled_silent_no_hook) {
  loop_.SetUnhandledRejections(UnhandledRejections::kNone);
  RejectTwo();
  loop_.Run();
  EXPECT_THAT(trace_, IsEmpty());
  EXPECT_THAT(origins_, IsEmpty());
}

TEST_F(NodeRejection, test_promise_unhandled_warn) {
  loop_.SetUnhandledRejections(UnhandledRejections::kWarn);
  LogHandled();
  std::vector<Promise<void>> promises = {Rejected("One"), Rejected("test")};
  size_t next = 0;
  // Handled inside the hook, and warned of nevertheless.
  loop_.OnUnhandledRejection(
      [&](std::exception_ptr) { Catch(promises[next++]); });
  loop_.SetTimeout(Ms(2), MustCall());
  loop_.Run();
  EXPECT_EQ(next, 2u);
  EXPECT_THAT(trace_, ElementsAre("UnhandledPromiseRejectionWarning",
                                  "UnhandledPromiseRejectionWarning",
                                  "handled One", "handled test"));
}

TEST_F(NodeRejection, test_promise_unhandled_warn_no_hook) {
  loop_.SetUnhandledRejections(UnhandledRejections::kWarn);
  LogHandled();
  RejectTwo();
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("UnhandledPromiseRejectionWarning",
                                  "UnhandledPromiseRejectionWarning"));
}

TEST_F(NodeRejection, test_promises_warning_on_unhandled_rejection) {
  loop_.SetUnhandledRejections(UnhandledRejections::kWarn);
  const auto late = Rejected("This was rejected");
  loop_.SetImmediate(MustCall([&] { Catch(late); }));
  static_cast<void>(Rejected("42"));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("UnhandledPromiseRejectionWarning",
                                  "UnhandledPromiseRejectionWarning",
                                  "PromiseRejectionHandledWarning"));
}

// The cases of test-promises-unhandled-rejections.js.

TEST_F(NodeRejection, test_promises_unhandled_rejections_rejected_at_once) {
  LogBoth();
  static_cast<void>(Rejected());
  ExpectUnhandled();
}

TEST_F(
    NodeRejection,
    test_promises_unhandled_rejections_rejected_after_an_immediate_or_a_timer) {
  LogBoth();
  const Deferred<void> a, b;
  const auto promise_a = a.promise();
  const auto promise_b = b.promise();
  loop_.SetImmediate([&] { a.Reject(Error("a")); });
  loop_.SetTimeout(Ms(5), [&] { b.Reject(Error("b")); });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("unhandled a", "unhandled b"));
}

TEST_F(NodeRejection,
       test_promises_unhandled_rejections_an_immediate_is_too_late_to_catch) {
  LogBoth();
  const auto promise = Rejected();
  loop_.SetImmediate([&] { loop_.QueueMicrotask([&] { Catch(promise); }); });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("unhandled e", "handled e"));
}

TEST_F(
    NodeRejection,
    test_promises_unhandled_rejections_only_what_a_catch_throws_again_is_told) {
  LogBoth();
  const auto promise = Rejected("first").Catch(
      [](const std::exception_ptr&) { Throw(Error("e")); });
  ExpectUnhandled();
  EXPECT_TRUE(promise.rejected());
}

TEST_F(
    NodeRejection,
    test_promises_unhandled_rejections_ticks_and_microtasks_are_soon_enough) {
  LogBoth();
  CatchLate(Rejected(), true);
  CatchLate(Rejected(), false);
  loop_.SetImmediate([this] {
    CatchLate(Rejected(), true);
    CatchLate(Rejected(), false);
  });
  loop_.SetTimeout(Ms(1), [this] {
    CatchLate(Rejected(), true);
    CatchLate(Rejected(), false);
  });
  ExpectNone();
}

TEST_F(
    NodeRejection,
    test_promises_unhandled_rejections_adopted_rejections_belong_to_who_adopts) {
  LogBoth();
  // Promise.resolve().then(() => Promise.reject(e)), caught and not.
  Catch(Promise<void>::Resolve().Then([] { return Rejected("caught"); }));
  static_cast<void>(Promise<void>::Resolve().Then([] { return Rejected(); }));
  ExpectUnhandled();
}

TEST_F(
    NodeRejection,
    test_promises_unhandled_rejections_all_owns_the_rejections_of_its_elements) {
  LogBoth();
  Catch(All({Rejected("caught")}));
  static_cast<void>(All({Rejected()}));
  ExpectUnhandled();
}

TEST_F(NodeRejection,
       test_promises_unhandled_rejections_catching_one_leaves_the_one_before) {
  LogBoth();
  static_cast<void>(Rejected());
  Catch(Rejected("2"));
  ExpectUnhandled();
}

TEST_F(
    NodeRejection,
    test_promises_unhandled_rejections_a_tick_of_the_hook_is_before_a_timer_of_it) {
  LogBoth();
  loop_.OnUnhandledRejection([this](std::exception_ptr) {
    loop_.SetTimeout(Ms(1), Log("2"));
    loop_.NextTick(Log("1"));
  });
  static_cast<void>(Rejected());
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("1", "2"));
}

TEST_F(
    NodeRejection,
    test_promises_unhandled_rejections_a_rejection_of_the_hook_waits_for_its_ticks) {
  LogBoth();
  Promise<void> inner;
  int calls = 0;
  loop_.OnUnhandledRejection([&](std::exception_ptr) {
    ++calls;
    inner = Rejected("inner");
    loop_.NextTick([&] { Catch(inner); });
  });
  static_cast<void>(Rejected());
  ExpectNone();
  EXPECT_EQ(calls, 1);
}

TEST_F(
    NodeRejection,
    test_promises_unhandled_rejections_what_the_handled_hook_throws_is_uncaught) {
  LogBoth();
  loop_.OnRejectionHandled([](std::exception_ptr) { Fail("e2"); });
  const auto promise = Rejected();
  loop_.SetImmediate([&] { EXPECT_NO_THROW(Catch(promise)); });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("unhandled e", "uncaught e2"));
}

// Not ported: test-promise-unhandled-issue-43655 (a bound on the time taken),
// test-promise-unhandled-flag (the command line), and those cases of
// test-promises-unhandled-rejections that are about domains.

}  // namespace
}  // namespace millrace
