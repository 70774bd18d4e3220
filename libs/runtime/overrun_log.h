// What the watchdog of the loop says, as lines of the log and as
// millrace_loop_overruns_total.
#ifndef MILLRACE_RUNTIME_OVERRUN_LOG_H_
#define MILLRACE_RUNTIME_OVERRUN_LOG_H_

#include "base/logger.h"
#include "base/metrics.h"
#include "loop/watchdog.h"

namespace millrace::runtime {

// A line while the callback runs, with its stack, and one when it has ended.
// Both outlive the watchdog.
Watchdog::Report OverrunLog(Logger& logger, Metrics& metrics);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_OVERRUN_LOG_H_
