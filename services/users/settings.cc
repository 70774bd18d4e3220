#include "services/users/settings.h"

#include <algorithm>

#include "runtime/config.h"

namespace millrace::users {
namespace {

using runtime::DurationOf;

// The most that identity.clock_skew may be.
constexpr absl::Duration kMostSkew = absl::Minutes(5);

}  // namespace

UsersOptions UsersOptionsOf(const UsersSettings& settings) {
  return {.retention = DurationOf(settings.deletion_retention())};
}

PurgeOptions PurgeOptionsOf(const UsersSettings& settings) {
  return {.period = DurationOf(settings.purge_interval()),
          .memory = LockoutOptionsOf(settings.lockout()).memory};
}

SessionOptions SessionOptionsOf(const TokenSettings& settings) {
  return {.access_life = DurationOf(settings.access_life()),
          .refresh_life = DurationOf(settings.refresh_life()),
          .ticket_life = DurationOf(settings.ticket_life())};
}

tokens::RotationOptions RotationOptionsOf(const TokenSettings& settings) {
  return {.period = DurationOf(settings.key_period()),
          .token_life = DurationOf(settings.access_life()) + kMostSkew};
}

LockoutOptions LockoutOptionsOf(const LockoutSettings& settings) {
  const absl::Duration longest_pause = DurationOf(settings.longest_pause());
  return {.free = settings.free_failures(),
          .first_pause = DurationOf(settings.first_pause()),
          .longest_pause = longest_pause,
          .memory = std::max(DurationOf(settings.memory()), 2 * longest_pause)};
}

tokens::PasswordOptions PasswordOptionsOf(const PasswordSettings& settings) {
  return {.passes = static_cast<unsigned>(settings.passes()),
          .memory_bytes = static_cast<size_t>(settings.memory_bytes()),
          .max_parallel = settings.max_parallel(),
          .max_waiting = static_cast<size_t>(settings.max_waiting())};
}

}  // namespace millrace::users
