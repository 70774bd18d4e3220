// Exponential backoff with jitter. Plain value; random() is any source of
// numbers in [0, 1).
#ifndef MILLRACE_BASE_BACKOFF_H_
#define MILLRACE_BASE_BACKOFF_H_

#include "absl/time/time.h"

namespace millrace {

struct BackoffPolicy {
  absl::Duration initial = absl::Milliseconds(100);
  absl::Duration max = absl::Seconds(30);
  double multiplier = 2;
};

// The pause after the `failures`-th failure in a row (from 1): between half of
// and the whole of min(initial * multiplier^(failures - 1), max), so that what
// failed together does not come back together. `random` is in [0, 1).
absl::Duration BackoffAfter(int failures, const BackoffPolicy& policy,
                            double random);

// With the thread's own random numbers.
absl::Duration BackoffAfter(int failures, const BackoffPolicy& policy);

}  // namespace millrace

#endif  // MILLRACE_BASE_BACKOFF_H_
