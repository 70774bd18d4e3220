// The dice of a simulation: all that is left to chance follows from the seed.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_RANDOM_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_RANDOM_H_

#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace millrace::bus::sim {

// Only what the standard defines to the bit: the same on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  uint64_t Bits() { return engine_(); }
  // From 0 to below `n`; 0 when there is no such number.
  int64_t Below(int64_t n) {
    return n <= 0 ? 0
                  : static_cast<int64_t>(engine_() % static_cast<uint64_t>(n));
  }
  bool Chance(double probability) {
    return static_cast<double>(engine_() >> 11) < probability * 0x1p53;
  }
  // Whole milliseconds from none to `most`; small ones are as likely as large.
  absl::Duration UpTo(absl::Duration most) {
    const int64_t ms = absl::ToInt64Milliseconds(most);
    if (ms <= 0) return absl::ZeroDuration();
    return absl::Milliseconds(Below((ms >> Below(8)) + 1));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_RANDOM_H_
