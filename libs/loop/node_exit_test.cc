#include <cstdio>
#include <functional>

#include "loop/node_test.h"
#include "loop/promise.h"
#include "loop/timer.h"

namespace millrace {
namespace {

using testing::ElementsAre;

class NodeExit : public NodeTest {
 protected:
  NodeExit() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  void LogExit() {
    loop_.OnExit([this](ExitReason reason) {
      trace_.push_back(StrCat("exit ", static_cast<int>(reason)));
    });
  }
  static std::string Exit(ExitReason reason) {
    return StrCat("exit ", static_cast<int>(reason));
  }
};

TEST_F(NodeExit, test_exception_handler) {
  LogUncaught();
  LogExit();
  loop_.SetTimeout(Ms(5), [] { Fail("catch me if you can"); });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("uncaught catch me if you can",
                                  Exit(ExitReason::kDone)));
}

TEST_F(NodeExit, test_exception_handler2) {
  // What comes first, main code, is a callback here: the loop goes on.
  LogUncaught();
  loop_.SetTimeout(Ms(5), Log("timer"));
  loop_.Dispatch([] { Fail("main"); });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("uncaught main", "timer"));
}

TEST_F(NodeExit, test_handle_wrap_close_abort) {
  LogUncaught();
  Timer interval;
  loop_.SetTimeout(Ms(1), [&] {
    loop_.NextTick([&] {
      interval = loop_.SetInterval(Ms(1), [&] {
        interval.Clear();
        Fail("setInterval");
      });
    });
    loop_.SetTimeout(Ms(1), [] { Fail("setTimeout"); });
  });
  loop_.Run();
  EXPECT_THAT(trace_,
              ElementsAre("uncaught setTimeout", "uncaught setInterval"));
}

TEST_F(NodeExit, test_process_beforeexit) {
  // Each kind of work revives the loop, and sets the next hook.
  int repeated = 0;
  std::function<void()> repeat = [&] {
    if (++repeated < 5) loop_.SetTimeout(Ms(1), repeat);
  };
  loop_.OnBeforeExit(MustCall([&] {
    loop_.SetImmediate(MustCall([&] {
      loop_.OnBeforeExit(MustCall([&] {
        loop_.SetTimeout(Ms(1), MustCall([&] {
                           loop_.OnBeforeExit(MustCall([&] {
                             loop_.Post(MustCall([&] {
                               loop_.OnBeforeExit(MustCall([&] {
                                 loop_.OnBeforeExit(nullptr);
                                 loop_.SetTimeout(Ms(1), repeat);
                               }));
                             }));
                           }));
                         }));
      }));
    }));
  }));
  loop_.Run();
  EXPECT_EQ(repeated, 5);
}

TEST_F(NodeExit, test_process_beforeexit_throw_exit) {
  EXPECT_DEATH(
      {
        loop_.OnExit([](ExitReason reason) {
          if (reason == ExitReason::kUncaught) std::fputs("exit\n", stderr);
        });
        loop_.OnBeforeExit([] { Fail("before exit"); });
        loop_.Run();
      },
      "exit\n.*uncaught error: UNKNOWN: before exit");
}

TEST_F(NodeExit, test_process_exit_from_before_exit) {
  LogExit();
  loop_.OnBeforeExit(MustCall([this] {
    loop_.SetTimeout(Ms(1), MustNotCall());
    loop_.SetImmediate(MustNotCall());
    // Work that was made just before does not count any more.
    loop_.Stop();
  }));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre(Exit(ExitReason::kStopped)));
}

TEST_F(NodeExit, test_process_exit) {
  // Unprovoked, and once, also when it stops the loop itself.
  loop_.OnExit([this](ExitReason reason) {
    trace_.push_back(Exit(reason));
    loop_.Stop();
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre(Exit(ExitReason::kDone)));
}

TEST_F(NodeExit, test_process_exit_recursive) {
  loop_.OnExit([this](ExitReason reason) {
    trace_.push_back(Exit(reason));
    loop_.Stop();
  });
  loop_.Stop();
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre(Exit(ExitReason::kStopped)));
  // The second Stop() is over with the exit it was called in.
  loop_.SetImmediate(MustCall());
  loop_.Run();
}

TEST_F(NodeExit, test_process_uncaught_exception_monitor) {
  loop_.OnUncaughtMonitor([this](std::exception_ptr error, ErrorOrigin origin) {
    EXPECT_EQ(origin, ErrorOrigin::kCallback);
    trace_.push_back(StrCat("monitor ", Text(error)));
  });
  LogUncaught();
  loop_.NextTick([] { Fail("MyError"); });
  loop_.Dispatch([] { Fail("MyError"); });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("monitor MyError", "uncaught MyError",
                                  "monitor MyError", "uncaught MyError"));
}

TEST_F(NodeExit, test_process_uncaught_exception_monitor_keeps_the_end) {
  EXPECT_DEATH(
      {
        loop_.OnUncaughtMonitor([](std::exception_ptr error, ErrorOrigin) {
          std::fprintf(stderr, "Monitored: %s\n", Text(error).c_str());
        });
        loop_.SetImmediate([] { Fail("Shall exit"); });
        loop_.Run();
      },
      "Monitored: Shall exit\n.*uncaught error: UNKNOWN: Shall exit");
}

TEST_F(NodeExit, test_unhandled_exception_rethrow_error) {
  EXPECT_DEATH(
      {
        loop_.OnUncaught([](std::exception_ptr error) {
          std::rethrow_exception(std::move(error));
        });
        loop_.SetImmediate([] { Fail("boom"); });
        loop_.Run();
      },
      "uncaught error.*UNKNOWN: boom");
}

// Exit codes have no counterpart: whoever calls Run() returns one from main(),
// and OnExit() tells it why Run() ends. Hence not ported:
// test-process-exit-code and -exit-code-validation; nor
// setUncaughtExceptionCaptureCallback() (test-process-exception-capture-*),
// since OnUncaught() holds one handler and no more.

}  // namespace
}  // namespace millrace
