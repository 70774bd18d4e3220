// Calls back in the poll phase when the process gets a signal. Loop-bound;
// does not keep the loop running. While a watcher exists, the signal's usual
// effect is off.
#ifndef MILLRACE_LOOP_SIGNALS_H_
#define MILLRACE_LOOP_SIGNALS_H_

#include <source_location>

#include "loop/event_loop.h"
#include "loop/task.h"

namespace millrace {

class SignalWatcher {
 public:
  SignalWatcher(EventLoop& loop, int signum, Task on_signal,
                std::source_location where = std::source_location::current());
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  struct Handle;

  Handle* handle_;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_SIGNALS_H_
