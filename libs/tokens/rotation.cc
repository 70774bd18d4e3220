#include "tokens/rotation.h"

#include <algorithm>

#include "base/strings.h"

namespace millrace::tokens {

absl::Status RotationOptions::Validate() const {
  if (publish_ahead > absl::ZeroDuration() &&
      token_life > absl::ZeroDuration() &&
      period >= publish_ahead + token_life) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(StrCat(
      "a signing key must sign for longer (", absl::FormatDuration(period),
      ") than it is published ahead (", absl::FormatDuration(publish_ahead),
      ") and its tokens live (", absl::FormatDuration(token_life), ")"));
}

SigningKeys::SigningKeys(RotationOptions options,
                         std::vector<ScheduledKey> keys)
    : options_(options), keys_(std::move(keys)) {
  // By id where two were made at once, so that all processes see one order.
  std::sort(keys_.begin(), keys_.end(),
            [](const ScheduledKey& a, const ScheduledKey& b) {
              return std::make_pair(a.signs_from, a.key.id()) <
                     std::make_pair(b.signs_from, b.key.id());
            });
}

const Key* SigningKeys::Current(absl::Time now) const {
  const Key* current = nullptr;
  for (const ScheduledKey& scheduled : keys_) {
    if (scheduled.signs_from <= now) current = &scheduled.key;
  }
  return current;
}

absl::Time SigningKeys::GoneAt(size_t i) const {
  if (i + 1 == keys_.size()) return absl::InfiniteFuture();
  return keys_[i + 1].signs_from + options_.token_life;
}

KeySet SigningKeys::Published(absl::Time now) const {
  std::vector<Key> published;
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (now < GoneAt(i)) published.push_back(keys_[i].key);
  }
  return KeySet(std::move(published));
}

std::optional<absl::Time> SigningKeys::NextSignsFrom(absl::Time now) const {
  if (keys_.empty()) return now;
  const absl::Time due = keys_.back().signs_from + options_.period;
  if (now < due - options_.publish_ahead) return std::nullopt;
  // Late, when no process was there in time.
  return std::max(due, now + options_.publish_ahead);
}

std::vector<std::string> SigningKeys::Gone(absl::Time now) const {
  std::vector<std::string> gone;
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (now >= GoneAt(i)) gone.push_back(keys_[i].key.id());
  }
  return gone;
}

}  // namespace millrace::tokens
