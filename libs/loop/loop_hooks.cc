#include "loop/loop_hooks.h"

#include <cstdio>

#include "base/status.h"
#include "base/strings.h"

namespace millrace::loop_internal {
namespace {

std::string TextOf(const std::exception_ptr& error) {
  return StatusFrom(error).ToString();
}

}  // namespace

void LoopHooks::Report(std::exception_ptr error, ErrorOrigin origin) {
  try {
    monitor(error, origin);
    if (!uncaught) EndUncaught(error, origin);
    uncaught(std::move(error));
  } catch (...) {
    // Nobody is left to tell.
    Fatal(StrCat("uncaught error, thrown while another was handled: ",
                 TextOf(std::current_exception())));
  }
  // As in Node: makes the next check phase come soon, with its drain.
  if (!exiting_) ImmediateQueue::Release(immediates_->Add([] {}));
}

void LoopHooks::EndUncaught(const std::exception_ptr& error,
                            ErrorOrigin origin) {
  if (!std::exchange(exiting_, true)) exit(ExitReason::kUncaught);
  Fatal(StrCat(origin == ErrorOrigin::kRejection
                   ? "a promise was rejected and nobody waits for it: "
                   : "uncaught error: ",
               TextOf(error)));
}

void LoopHooks::ReportRejection(std::exception_ptr error) {
  const bool hooked = static_cast<bool>(rejection);
  const UnhandledRejections mode = unhandled_rejections;
  if (mode == UnhandledRejections::kStrict ||
      (mode == UnhandledRejections::kThrow && !hooked)) {
    Report(error, ErrorOrigin::kRejection);
  }
  try {
    if (hooked) rejection(error);
  } catch (...) {
    return Report(std::current_exception(), ErrorOrigin::kCallback);
  }
  if (mode == UnhandledRejections::kWarn ||
      (mode == UnhandledRejections::kStrict && !hooked)) {
    Warn({"UnhandledPromiseRejectionWarning",
          StrCat("a promise was rejected and nobody waits for it: ",
                 TextOf(error))});
  }
}

void LoopHooks::ReportHandled(std::exception_ptr error) {
  if (!rejection_handled) {
    return Warn({"PromiseRejectionHandledWarning",
                 StrCat("a rejection that had been reported was handled after "
                        "all: ",
                        TextOf(error))});
  }
  try {
    rejection_handled(std::move(error));
  } catch (...) {
    Report(std::current_exception(), ErrorOrigin::kCallback);
  }
}

void LoopHooks::Warn(Warning what) {
  auto tell = [this, what = std::move(what)] {
    if (warning) return warning(what);
    std::fprintf(stderr, "millrace: %s: %s\n", what.name.c_str(),
                 what.message.c_str());
  };
  // While exiting no tick would ever run.
  if (exiting_) return tell();
  microtasks_->PushTick(std::move(tell));
}

void LoopHooks::WarnOfOverflow(int64_t ms) {
  Warn({"TimeoutOverflowWarning",
        StrCat(ms,
               " ms does not fit into a 32-bit signed integer; the duration "
               "was set to 1 ms")});
}

void LoopHooks::Exit(ExitReason reason) {
  if (!exit || exiting_) return;
  exiting_ = true;
  try {
    exit(reason);
  } catch (...) {
    Report(std::current_exception(), ErrorOrigin::kCallback);
  }
  exiting_ = false;
}

}  // namespace millrace::loop_internal
