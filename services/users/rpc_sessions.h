// users.v1.SessionsService: wire messages in, the domain's words inside, one
// transaction for the rows and their event. Loop thread; everything it is given
// outlives it.
#ifndef MILLRACE_SERVICES_USERS_RPC_SESSIONS_H_
#define MILLRACE_SERVICES_USERS_RPC_SESSIONS_H_

#include <string>
#include <vector>

#include "base/clock.h"
#include "bus/outbox.h"
#include "services/users/domain.h"
#include "services/users/keyring.h"
#include "services/users/logins.h"
#include "services/users/sessions.h"
#include "store/database.h"
#include "tokens/password.h"
#include "users/v1/sessions.millrace.h"

namespace millrace::users {

struct SessionsRpcOptions {
  std::string issuer = "millrace";
  std::string audience = "millrace";
  SessionOptions sessions;
  LockoutOptions lockout;
};

class SessionsRpc final : public ::users::v1::SessionsService {
 public:
  SessionsRpc(store::Database& database, bus::Outbox& outbox,
              const Clock& clock, tokens::PasswordHasher& hasher,
              const Keyring& keyring, SessionsRpcOptions options);

  Promise<::users::v1::SessionTokens> Login(
      const Call& call, const ::users::v1::LoginRequest& request) override;
  Promise<::users::v1::SessionTokens> Refresh(
      const Call& call, const ::users::v1::RefreshRequest& request) override;
  Promise<::users::v1::LogoutResponse> Logout(
      const Call& call, const ::users::v1::LogoutRequest& request) override;
  Promise<::users::v1::SessionTokens> ChangePassword(
      const Call& call,
      const ::users::v1::ChangePasswordRequest& request) override;
  Promise<::users::v1::PasswordTicket> CreatePasswordTicket(
      const Call& call,
      const ::users::v1::CreatePasswordTicketRequest& request) override;
  Promise<::users::v1::SetPasswordResponse> SetPassword(
      const Call& call,
      const ::users::v1::SetPasswordRequest& request) override;
  Promise<::users::v1::GetJwksResponse> GetJwks(
      const Call& call, const ::users::v1::GetJwksRequest& request) override;

 private:
  // A session that is there before its tokens are.
  struct Begun {
    Session session;
    RefreshToken refresh_token;
    std::vector<std::string> permissions;
  };

  Begun Begin(store::Tx& tx, const Person& person, absl::Time now) const;
  ::users::v1::SessionTokens TokensOf(const Begun& begun, absl::Time now) const;
  // The row, the event, and no sessions any more.
  void ReplacePassword(store::Tx& tx, const Person& person,
                       const std::string& hash, absl::Time now);

  store::Database& database_;
  bus::Outbox& outbox_;
  const Clock& clock_;
  tokens::PasswordHasher& hasher_;
  const Keyring& keyring_;
  const SessionsRpcOptions options_;
  Logins logins_;
};

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_RPC_SESSIONS_H_
