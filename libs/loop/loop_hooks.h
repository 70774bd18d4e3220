// Calls the loop's hooks, in Node's order, and ends the process where Node
// would. Private to loop; loop-bound.
#ifndef MILLRACE_LOOP_LOOP_HOOKS_H_
#define MILLRACE_LOOP_LOOP_HOOKS_H_

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "loop/hooks.h"
#include "loop/immediate_queue.h"
#include "loop/microtasks.h"

namespace millrace::loop_internal {

// A function that may be set anew while it runs.
template <typename... Args>
class Hook {
 public:
  using Function = absl::AnyInvocable<void(Args...)>;

  // `function` may be empty, of any type that can tell.
  template <typename F>
  void Set(F function) {
    function_ =
        function ? std::make_shared<Function>(std::move(function)) : nullptr;
  }
  explicit operator bool() const { return function_ != nullptr; }
  void operator()(Args... args) const {
    const std::shared_ptr<Function> held = function_;
    if (held != nullptr) (*held)(std::forward<Args>(args)...);
  }

 private:
  std::shared_ptr<Function> function_;
};

class LoopHooks {
 public:
  LoopHooks(Microtasks* microtasks, ImmediateQueue* immediates)
      : microtasks_(microtasks), immediates_(immediates) {}

  Hook<std::exception_ptr, ErrorOrigin> monitor;
  Hook<std::exception_ptr> uncaught;
  Hook<std::exception_ptr> rejection;
  Hook<std::exception_ptr> rejection_handled;
  Hook<const Warning&> warning;
  Hook<> before_exit;
  Hook<ExitReason> exit;
  UnhandledRejections unhandled_rejections = UnhandledRejections::kThrow;

  // The monitor, then the handler. Ends the process without a handler, or when
  // one of them throws. Never throws itself.
  void Report(std::exception_ptr error, ErrorOrigin origin);
  // By `unhandled_rejections`.
  void ReportRejection(std::exception_ptr error);
  // Somebody waits now for a promise whose rejection was reported.
  void ReportHandled(std::exception_ptr error);

  // Told in a next tick, by default on stderr.
  void Warn(Warning what);
  void WarnOfOverflow(int64_t ms);

  // Calls the exit hook. While that runs, next ticks are refused.
  void Exit(ExitReason reason);
  bool exiting() const { return exiting_; }

 private:
  [[noreturn]] void EndUncaught(const std::exception_ptr& error,
                                ErrorOrigin origin);

  Microtasks* const microtasks_;
  ImmediateQueue* const immediates_;
  bool exiting_ = false;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_LOOP_HOOKS_H_
