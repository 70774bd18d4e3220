#include "services/users/lockout.h"

#include <algorithm>

#include "base/strings.h"
#include "tokens/secret.h"

namespace millrace::users {
namespace {

constexpr int64_t kMostDoublings = 30;

bool Forgotten(const Failures& failures, absl::Time now,
               const LockoutOptions& options) {
  return now - failures.last >= options.memory;
}

}  // namespace

absl::Duration PauseBefore(const Failures& failures, absl::Time now,
                           const LockoutOptions& options) {
  if (failures.count < options.free || Forgotten(failures, now, options)) {
    return absl::ZeroDuration();
  }
  const int64_t doublings =
      std::min(failures.count - options.free, kMostDoublings);
  const absl::Duration pause = std::min(
      options.first_pause * (int64_t{1} << doublings), options.longest_pause);
  return std::max(failures.last + pause - now, absl::ZeroDuration());
}

Failures OneMore(Failures failures, absl::Time now,
                 const LockoutOptions& options) {
  if (Forgotten(failures, now, options)) failures.count = 0;
  return {failures.count + 1, now};
}

Failures GiveBack(const Failures& present, const Failures& counted,
                  const Failures& before) {
  // Its time goes too, or there would be a pause after what was no failure.
  if (present == counted) return before;
  return {std::max<int64_t>(present.count - 1, 0), present.last};
}

std::string BucketOf(std::string_view email, std::string_view address) {
  // No e-mail address has a NUL in it.
  return tokens::SecretDigest(
      StrCat(email, std::string_view("\0", 1), address));
}

}  // namespace millrace::users
