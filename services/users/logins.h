// Whether somebody is who they say: password, lock-out and state in one place,
// so that Login and ChangePassword cannot differ. Loop thread; everything it is
// given outlives it.
#ifndef MILLRACE_SERVICES_USERS_LOGINS_H_
#define MILLRACE_SERVICES_USERS_LOGINS_H_

#include <optional>
#include <string>

#include "base/clock.h"
#include "contract/call.h"
#include "loop/promise.h"
#include "services/users/domain.h"
#include "services/users/lockout.h"
#include "services/users/sessions_store.h"
#include "store/database.h"
#include "tokens/password.h"

namespace millrace::users {

class Logins {
 public:
  Logins(store::Database& database, tokens::PasswordHasher& hasher,
         const Clock& clock, LockoutOptions options = {})
      : database_(database),
        hasher_(hasher),
        clock_(clock),
        options_(options) {}

  struct Checked {
    Person person;
    absl::Time password_time;  // which of the person's passwords it was
  };

  // The person whose e-mail address and password these are, nobody when they
  // are not. An unknown address costs as much time as a wrong password.
  // RESOURCE_EXHAUSTED with RetryInfo while the caller has to pause, or too
  // many passwords wait; the latter counts as no attempt, nor does one that the
  // caller gave up before its turn. `call` outlives the promise.
  Promise<std::optional<Checked>> Check(const Call& call, std::string email,
                                        std::string password);

  // Whether that password is the person's still. Another may have been set
  // since it was hashed, so the transaction that acts on it asks.
  static bool Holds(store::Tx& tx, const Checked& checked);

 private:
  struct Known {
    absl::Duration pause;
    Failures before;
    Failures counted;  // with this attempt
    std::optional<Person> person;
    Credential credential;  // without a hash: none
  };

  // Counts the attempt and finds what there is.
  Known Begin(store::Tx& tx, const std::string& bucket,
              const std::string& email) const;
  // Rejects only when the password was not looked at.
  Promise<bool> Verify(const Call& call, const std::string& password,
                       std::string hash);
  Promise<void> Forgive(const Call& call, const std::string& bucket,
                        const Known& known);
  Promise<std::string> Rehashed(const std::string& password,
                                const std::string& hash);

  store::Database& database_;
  tokens::PasswordHasher& hasher_;
  const Clock& clock_;
  const LockoutOptions options_;
};

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_LOGINS_H_
