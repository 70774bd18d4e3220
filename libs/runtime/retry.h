// Which failures pass by themselves, and how long to wait until then.
#ifndef MILLRACE_RUNTIME_RETRY_H_
#define MILLRACE_RUNTIME_RETRY_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/backoff.h"

namespace millrace::runtime {

// Something is away, slow or full, and may be back. Anything else is a mistake
// that waiting does not mend.
inline bool IsTransient(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
      return true;
    default:
      return false;
  }
}

// Before the attempt that follows `failures` failed ones.
inline absl::Duration PauseAfter(int failures) {
  return BackoffAfter(
      failures, {.initial = absl::Milliseconds(200), .max = absl::Seconds(5)});
}

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_RETRY_H_
