#include "runtime/second_signal.h"

#include <signal.h>

#include <atomic>

namespace millrace::runtime {
namespace {

// For the signal handler. The first handler is the same for both signals.
std::atomic<void (*)(int)> first_handler{nullptr};
std::atomic<bool> told{false};

void OnSignal(int signum) {
  if (!told.exchange(true)) return first_handler.load()(signum);
  // Is delivered when this returns.
  signal(signum, SIG_DFL);
  raise(signum);
}

}  // namespace

void EndAtSecondSignal() {
  for (const int signum : {SIGTERM, SIGINT}) {
    struct sigaction action = {};
    if (sigaction(signum, nullptr, &action) != 0 ||
        (action.sa_flags & SA_SIGINFO) != 0 || action.sa_handler == SIG_DFL ||
        action.sa_handler == SIG_IGN) {
      continue;
    }
    first_handler.store(action.sa_handler);
    action.sa_handler = &OnSignal;
    sigaction(signum, &action, nullptr);
  }
}

}  // namespace millrace::runtime
