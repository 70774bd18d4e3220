// The monotonic clock, in nanoseconds. Private to loop.
#ifndef MILLRACE_LOOP_MONOTONIC_H_
#define MILLRACE_LOOP_MONOTONIC_H_

#include <time.h>

#include <cstdint>

namespace millrace::loop_internal {

inline int64_t MonotonicNs() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_MONOTONIC_H_
