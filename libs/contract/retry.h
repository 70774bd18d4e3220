// When a call that was refused is worth another attempt: a google.rpc.RetryInfo
// on its status. Pure functions; any thread.
#ifndef MILLRACE_CONTRACT_RETRY_H_
#define MILLRACE_CONTRACT_RETRY_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace millrace {

// `status` with the advice to wait for `delay`, rounded up to a millisecond.
absl::Status RetryAfter(absl::Status status, absl::Duration delay);

// The advice that a status carries.
std::optional<absl::Duration> RetryDelay(const absl::Status& status);

// As whole seconds, rounded up: who waits that long has waited long enough.
int64_t WholeSeconds(absl::Duration delay);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_RETRY_H_
