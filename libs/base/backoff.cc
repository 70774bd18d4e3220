#include "base/backoff.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace millrace {

absl::Duration BackoffAfter(int failures, const BackoffPolicy& policy,
                            double random) {
  // Bounded before it is multiplied: the power of many failures is infinite.
  const double factor = std::min(
      std::pow(std::max(policy.multiplier, 1.0), std::max(failures - 1, 0)),
      1e9);
  const absl::Duration whole = std::min(policy.initial * factor, policy.max);
  return whole / 2 + whole / 2 * random;
}

absl::Duration BackoffAfter(int failures, const BackoffPolicy& policy) {
  constexpr double kRange = 9007199254740992.0;  // 2^53
  return BackoffAfter(failures, policy,
                      static_cast<double>(RandomBits() >> 11) / kRange);
}

}  // namespace millrace
