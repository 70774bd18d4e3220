// What an event loop tells its owner: uncaught errors, rejections that nobody
// waits for, warnings, and its end. Plain types; EventLoop has the setters.
#ifndef MILLRACE_LOOP_HOOKS_H_
#define MILLRACE_LOOP_HOOKS_H_

#include <exception>
#include <string>

#include "absl/functional/any_invocable.h"

namespace millrace {

enum class ErrorOrigin {
  kCallback,   // thrown by a callback of the loop
  kRejection,  // of a promise that nobody waits for
};

// What becomes of a rejection that nobody waits for, named as Node's modes.
enum class UnhandledRejections {
  kThrow,   // to the hook; without one it is an uncaught error
  kStrict,  // an uncaught error, and then to the hook or else a warning
  kWarn,    // to the hook, and a warning
  kNone,    // to the hook
};

enum class ExitReason {
  kDone,      // nothing ref'd was left
  kStopped,   // by Stop()
  kUncaught,  // an error without a handler: the process ends after the hook
};

// `name` is for programs and stable: TimeoutOverflowWarning,
// UnhandledPromiseRejectionWarning, PromiseRejectionHandledWarning, or one of
// the caller's own. A leak of listeners is MaxListenersExceededWarning.
struct Warning {
  std::string name;
  std::string message;
};

inline constexpr char kLeakWarningName[] = "MaxListenersExceededWarning";

using ErrorHandler = absl::AnyInvocable<void(std::exception_ptr)>;
using UncaughtMonitor =
    absl::AnyInvocable<void(std::exception_ptr, ErrorOrigin)>;
using WarningHandler = absl::AnyInvocable<void(const Warning&)>;
using ExitHandler = absl::AnyInvocable<void(ExitReason)>;

}  // namespace millrace

#endif  // MILLRACE_LOOP_HOOKS_H_
