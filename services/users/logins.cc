#include "services/users/logins.h"

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "contract/retry.h"
#include "loop/combinators.h"
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
  // As precise as the row, to be compared with it.
  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now()));
  Known known;
  known.before = FindFailures(tx, bucket);
  known.pause = PauseBefore(known.before, now, options_);
  if (known.pause > absl::ZeroDuration()) return known;
  known.counted = OneMore(known.before, now, options_);
  SaveFailures(tx, bucket, known.counted);
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
  const std::string bucket = BucketOf(email, call.context.address);
  Known known = co_await database_.Transact(
      call.context, [&](store::Tx& tx) { return Begin(tx, bucket, email); });
  if (known.pause > absl::ZeroDuration()) Throw(Wait(known.pause));
  const std::string hash = known.credential.hash;
  const absl::StatusOr<bool> good =
      co_await AsStatusOr(Verify(call, password, hash));
  if (!good.ok()) {
    co_await Forgive(call, bucket, known);
    Throw(good.status());
  }
  if (!*good || !known.person || hash.empty()) {
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

Promise<bool> Logins::Verify(const Call& call, const std::string& password,
                             std::string hash) {
  if (hash.empty()) hash = co_await hasher_.Unknown();
  co_return co_await hasher_.Verify(password, std::move(hash), call.signal);
}

Promise<void> Logins::Forgive(const Call& call, const std::string& bucket,
                              const Known& known) {
  // Also when the caller's time is over.
  CallContext context = call.context;
  context.deadline = absl::InfiniteFuture();
  const auto give_back = [&](store::Tx& tx) {
    const Failures left =
        GiveBack(FindFailures(tx, bucket), known.counted, known.before);
    if (left.count == 0) {
      ForgetFailures(tx, bucket);
    } else {
      SaveFailures(tx, bucket, left);
    }
  };
  // The caller is told why the password was not looked at. If this fails, there
  // is a failure too many.
  co_await AsStatusOr(database_.Transact(context, give_back));
}

// Empty when the hash is as it should be, or too many passwords wait: then it
// is renewed another time.
Promise<std::string> Logins::Rehashed(const std::string& password,
                                      const std::string& hash) {
  if (!hasher_.NeedsRehash(hash)) co_return std::string();
  const absl::StatusOr<std::string> renewed =
      co_await AsStatusOr(hasher_.Hash(password));
  co_return renewed.value_or("");
}

}  // namespace millrace::users
