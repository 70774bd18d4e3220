// The fixture of the cases that stand under the names of Node's own tests
// (nodejs/node, test/parallel and test/sequential of v20): the behaviour of
// theirs, written anew for this loop. For tests only.
#ifndef MILLRACE_LOOP_NODE_TEST_H_
#define MILLRACE_LOOP_NODE_TEST_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/event_loop.h"

namespace millrace {

class NodeTest : public testing::Test {
 protected:
  // A task that must run exactly `times` until the test has ended; which one it
  // was is known by its line.
  Task MustCall(Task task, int times = 1, int line = __builtin_LINE()) {
    Calls* const calls =
        calls_.emplace_back(new Calls{.line = line, .expected = times}).get();
    return [calls, task = std::move(task)]() mutable {
      ++calls->count;
      task();
    };
  }
  Task MustCall(int times = 1, int line = __builtin_LINE()) {
    return MustCall([] {}, times, line);
  }
  Task MustNotCall(int line = __builtin_LINE()) {
    return MustCall([] {}, 0, line);
  }
  Task Log(std::string text) {
    return [this, text = std::move(text)] { trace_.push_back(text); };
  }

  void TearDown() override {
    for (const auto& calls : calls_) {
      EXPECT_EQ(calls->count, calls->expected)
          << "calls of what line " << calls->line << " made";
    }
  }

  // Until `ms` have passed on the clock that timers go by.
  static void Spin(int ms) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point end = Clock::now() + std::chrono::milliseconds(ms);
    while (Clock::now() < end) {
    }
  }
  static absl::Duration Ms(double ms) { return absl::Milliseconds(ms); }
  static std::string Text(const std::exception_ptr& error) {
    return std::string(MessageOf(StatusFrom(error)));
  }
  [[noreturn]] static void Fail(const char* text) {
    Throw(absl::UnknownError(text));
  }
  // What is uncaught goes into the trace.
  void LogUncaught() {
    loop_.OnUncaught([this](std::exception_ptr error) {
      trace_.push_back(StrCat("uncaught ", Text(error)));
    });
  }

 private:
  struct Calls {
    int line = 0;
    int expected = 0;
    int count = 0;
  };
  std::vector<std::unique_ptr<Calls>> calls_;

 protected:
  std::vector<std::string> trace_;
  EventLoop loop_;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_NODE_TEST_H_
