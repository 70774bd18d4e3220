// When signing keys change. Pure.
//
//   made       published, so that whoever verifies can fetch it
//   signs_from `publish_ahead` later, when everybody has
//   retired    the next one signs; what this one signed is still verified
//   gone       when the last token it signed has expired
//
// The first key signs at once: there is nobody yet who knows another.
#ifndef MILLRACE_TOKENS_ROTATION_H_
#define MILLRACE_TOKENS_ROTATION_H_

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tokens/key.h"
#include "tokens/key_set.h"

namespace millrace::tokens {

struct RotationOptions {
  // How long one key signs.
  absl::Duration period = absl::Hours(30 * 24);
  // Longer than others keep a fetched key set without looking again.
  absl::Duration publish_ahead = absl::Hours(1);
  // How long a token is taken after it was signed: its life and the skew.
  absl::Duration token_life = absl::Minutes(20);

  // INVALID_ARGUMENT when a key would not be published, or its tokens not have
  // expired, before the next change.
  absl::Status Validate() const;
};

struct ScheduledKey {
  Key key;
  absl::Time signs_from;
};

class SigningKeys {
 public:
  // In any order.
  SigningKeys(RotationOptions options, std::vector<ScheduledKey> keys);

  // The key that signs now; null when none may.
  const Key* Current(absl::Time now) const;

  // Everything that verifiers have to know now: that which signs, those whose
  // tokens live, those to come.
  KeySet Published(absl::Time now) const;

  // From when on a key that is made now signs; nothing when none is needed yet.
  std::optional<absl::Time> NextSignsFrom(absl::Time now) const;

  // The ids of those whose tokens have all expired.
  std::vector<std::string> Gone(absl::Time now) const;

 private:
  // When nothing that the i-th key signed is taken any more.
  absl::Time GoneAt(size_t i) const;

  RotationOptions options_;
  std::vector<ScheduledKey> keys_;  // by signs_from
};

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_ROTATION_H_
