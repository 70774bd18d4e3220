// The tables `credentials`, `password_tickets`, `sessions` and
// `login_failures`, which nobody else touches. Every function runs inside a
// transaction, on its worker thread, and throws StatusError. Rows of a person
// go with the person.
#ifndef MILLRACE_SERVICES_USERS_SESSIONS_STORE_H_
#define MILLRACE_SERVICES_USERS_SESSIONS_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "services/users/lockout.h"
#include "services/users/sessions.h"
#include "store/transaction.h"

namespace millrace::users {

// A password as it is kept.
struct Credential {
  std::string hash;
  // Greater with each password that a person gets, also when a clock is set
  // back: so it says whether a password is still the one of before. A hash that
  // is renewed is of the same password.
  absl::Time change_time;
};

// Nothing when the person has no password.
std::optional<Credential> FindCredential(store::Tx& tx,
                                         std::string_view user_id);
// Of another password.
void SavePasswordHash(store::Tx& tx, std::string_view user_id,
                      std::string_view hash, absl::Time now);
// Of the same password, unless its hash is not `hash` any more.
void RenewPasswordHash(store::Tx& tx, std::string_view user_id,
                       std::string_view hash, std::string_view renewed);

void SaveTicket(store::Tx& tx, std::string_view user_id,
                std::string_view digest, absl::Time expire_time);
bool HasTicket(store::Tx& tx, std::string_view digest);
// Whose it was; nothing when there is no such ticket, or not any more. It is
// gone afterwards.
std::optional<std::string> TakeTicket(store::Tx& tx, std::string_view digest,
                                      absl::Time now);

void InsertSession(store::Tx& tx, const Session& session);
std::optional<Session> FindSession(store::Tx& tx, std::string_view family);
void UpdateSession(store::Tx& tx, const Session& session);
void DeleteSession(store::Tx& tx, std::string_view id);
void DeleteSessionsOf(store::Tx& tx, std::string_view user_id);

Failures FindFailures(store::Tx& tx, std::string_view bucket);
void SaveFailures(store::Tx& tx, std::string_view bucket,
                  const Failures& failures);
void ForgetFailures(store::Tx& tx, std::string_view bucket);

// Removes sessions that have expired, tickets that have, and failures from
// before `remembered`. The number of rows.
int64_t PruneSessions(store::Tx& tx, absl::Time now, absl::Time remembered);

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_SESSIONS_STORE_H_
