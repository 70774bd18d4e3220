// Tells the log what keeps a loop open that should have nothing left.
#ifndef MILLRACE_RUNTIME_LIVE_HANDLE_LOG_H_
#define MILLRACE_RUNTIME_LIVE_HANDLE_LOG_H_

#include "base/logger.h"
#include "loop/event_loop.h"

namespace millrace::runtime {

// One warning for each handle that keeps the loop running and would not end by
// itself in its next turn, with its kind, where it was made and by whom. Loop
// thread.
void LogLiveHandles(EventLoop& loop, Logger& logger);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_LIVE_HANDLE_LOG_H_
