// Where the time of day comes from, so that tests can choose it.
#ifndef MILLRACE_BASE_CLOCK_H_
#define MILLRACE_BASE_CLOCK_H_

#include <mutex>

#include "absl/time/time.h"

namespace millrace {

class Clock {
 public:
  virtual ~Clock() = default;
  // Any thread.
  virtual absl::Time Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override;
};

// Stands still until it is told to move. Any thread.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(absl::Time start = absl::FromUnixSeconds(1'700'000'000));
  absl::Time Now() const override;
  void Advance(absl::Duration by);

 private:
  mutable std::mutex mutex_;
  absl::Time now_;
};

}  // namespace millrace

#endif  // MILLRACE_BASE_CLOCK_H_
