#include "services/users/logins.h"

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "contract/retry.h"
#include "services/users/sessions_store.h"
#include "services/users/store.h"

namespace millrace::users {
namespace {

absl::Status Wait(absl::Duration pause) {
  const int64_t seconds = WholeSeconds(pause);
  return RetryAfter(
      absl::ResourceExhaustedError(
          StrCat("too many failed logins for this e-mail address from here; "
                 "try again in ",
                 seconds, " s")),
      absl::Seconds(seconds));
}

}  // namespace

Logins::Known Logins::Begin(store::Tx& tx, const std::string& bucket,
                            const std::string& email) const {
  const absl::Time now = clock_.Now();
  const Failures failures = FindFailures(tx, bucket);
  Known known;
  known.pause = PauseBefore(failures, now, options_);
  if (known.pause > absl::ZeroDuration()) return known;
  SaveFailures(tx, bucket, OneMore(failures, now, options_));
  known.person = FindByEmail(tx, email);
  if (known.person) {
    known.hash = FindPasswordHash(tx, known.person->id).value_or("");
  }
  return known;
}

Promise<std::optional<Person>> Logins::Check(const Call& call,
                                             std::string email,
                                             std::string password) {
  email = NormalizeEmail(email);
  const std::string bucket = BucketOf(email, call.context.peer);
  Known known = co_await database_.Transact(
      call.context, [&](store::Tx& tx) { return Begin(tx, bucket, email); });
  if (known.pause > absl::ZeroDuration()) Throw(Wait(known.pause));
  std::string hash = known.hash;
  if (hash.empty()) hash = co_await hasher_.Unknown();
  const bool good = co_await hasher_.Verify(password, hash, call.signal);
  if (!good || known.hash.empty()) co_return std::nullopt;
  const std::string renewed = co_await Rehashed(password, hash);
  co_await database_.Transact(call.context, [&](store::Tx& tx) {
    ForgetFailures(tx, bucket);
    // Unless it was changed meanwhile.
    if (!renewed.empty() && FindPasswordHash(tx, known.person->id) == hash) {
      SavePasswordHash(tx, known.person->id, renewed, clock_.Now());
    }
  });
  co_return std::move(known.person);
}

// Empty when the hash is as it should be.
Promise<std::string> Logins::Rehashed(const std::string& password,
                                      const std::string& hash) {
  if (!hasher_.NeedsRehash(hash)) co_return std::string();
  co_return co_await hasher_.Hash(password);
}

}  // namespace millrace::users
