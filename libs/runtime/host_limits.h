// What one of the loops of a process is called, and which calls it logs.
// Private to the host. Pure.
#ifndef MILLRACE_RUNTIME_HOST_LIMITS_H_
#define MILLRACE_RUNTIME_HOST_LIMITS_H_

#include <string>
#include <string_view>

#include "base/strings.h"
#include "runtime/call_stats.h"
#include "runtime/config.h"

namespace millrace::runtime {

// In metrics, in the timeline and in what the watchdog says.
inline std::string LoopNameOf(int loop_index) {
  return loop_index == 0 ? "main" : StrCat("loop-", loop_index);
}

inline CallLog CallLogOf(std::string_view name) {
  if (name == "all") return CallLog::kAll;
  return name == "failed" ? CallLog::kFailed : CallLog::kNone;
}

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_HOST_LIMITS_H_
