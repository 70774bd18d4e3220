#include "services/users/logins.h"

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "contract/retry.h"
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
    known.credential =
        FindCredential(tx, known.person->id).value_or(Credential());
  }
  return known;
}

bool Logins::Holds(store::Tx& tx, const Checked& checked) {
  const auto credential = FindCredential(tx, checked.person.id);
  return credential && credential->change_time == checked.password_time;
}

Promise<std::optional<Logins::Checked>> Logins::Check(const Call& call,
                                                      std::string email,
                                                      std::string password) {
  email = NormalizeEmail(email);
  const std::string bucket = BucketOf(email, call.context.peer);
  Known known = co_await database_.Transact(
      call.context, [&](store::Tx& tx) { return Begin(tx, bucket, email); });
  if (known.pause > absl::ZeroDuration()) Throw(Wait(known.pause));
  std::string hash = known.credential.hash;
  if (hash.empty()) hash = co_await hasher_.Unknown();
  const bool good = co_await hasher_.Verify(password, hash, call.signal);
  if (!good || !known.person || known.credential.hash.empty()) {
    co_return std::nullopt;
  }
  Checked checked = {*std::move(known.person), known.credential.change_time};
  const std::string renewed = co_await Rehashed(password, hash);
  co_await database_.Transact(call.context, [&](store::Tx& tx) {
    ForgetFailures(tx, bucket);
    if (!renewed.empty()) {
      RenewPasswordHash(tx, checked.person.id, hash, renewed);
    }
  });
  co_return std::move(checked);
}

// Empty when the hash is as it should be.
Promise<std::string> Logins::Rehashed(const std::string& password,
                                      const std::string& hash) {
  if (!hasher_.NeedsRehash(hash)) co_return std::string();
  co_return co_await hasher_.Hash(password);
}

}  // namespace millrace::users
