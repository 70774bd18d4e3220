// How guessing passwords is slowed down. Pure.
//
// Failures are counted by account *and* by where the call comes from, both at
// once: some are free, then each doubles the time until the next try is looked
// at, up to a bound. That time passes; nothing is ever locked for good.
//
// Why not by account alone: then whoever knows an e-mail address could keep its
// owner out, from anywhere and for as long as they like, which is easier than
// guessing. Here they only keep themselves out. Why not by address alone: then
// one person behind the gateway of an office could keep out all others. What
// this leaves open is guessing from very many addresses; that is bounded by how
// many passwords are hashed at once (tokens/password.h), and by the rate limit
// of calls.
//
// Attempts are counted before the password is looked at, and forgotten when it
// is right: many tries at once are as many tries as one after another. One that
// was then not looked at, since too many passwords wait or the caller gave up
// before its turn, is given back: nobody learned anything by it. An
// account that does not exist is counted like any other, so that the count
// tells nothing.
#ifndef MILLRACE_SERVICES_USERS_LOCKOUT_H_
#define MILLRACE_SERVICES_USERS_LOCKOUT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace millrace::users {

struct LockoutOptions {
  int64_t free = 5;
  absl::Duration first_pause = absl::Seconds(1);
  absl::Duration longest_pause = absl::Minutes(5);
  // After which failures are forgotten. Longer than longest_pause, or the pause
  // ends by it.
  absl::Duration memory = absl::Hours(1);
};

struct Failures {
  int64_t count = 0;
  absl::Time last = absl::InfinitePast();

  bool operator==(const Failures&) const = default;
};

// How long a try has to wait now; zero when it may go on.
absl::Duration PauseBefore(const Failures& failures, absl::Time now,
                           const LockoutOptions& options);

// The failures with one more.
Failures OneMore(Failures failures, absl::Time now,
                 const LockoutOptions& options);

// What is left of `present` without an attempt that made `counted` of `before`.
// Attempts that were counted since stay counted.
Failures GiveBack(const Failures& present, const Failures& counted,
                  const Failures& before);

// A digest of both. `address` is the caller's as the context of a call has it:
// without a port, of IPv6 only the /64, which is what one household or machine
// has. Those who have none are in one place.
std::string BucketOf(std::string_view email, std::string_view address);

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_LOCKOUT_H_
