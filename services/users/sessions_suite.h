// What logins and sessions must do on each database: as users_suite.h.
#ifndef MILLRACE_SERVICES_USERS_SESSIONS_SUITE_H_
#define MILLRACE_SERVICES_USERS_SESSIONS_SUITE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "bus/codec.h"
#include "loop/timer_promises.h"
#include "services/users/keyring.h"
#include "services/users/rpc_sessions.h"
#include "services/users/sessions_store.h"
#include "services/users/users_suite.h"
#include "tokens/jwk.h"
#include "tokens/jwt.h"
#include "tokens/secret.h"

namespace millrace::users {

class SessionsSuite : public UsersSuite {
 protected:
  void SetUp() override {
    UsersSuite::SetUp();
    if (IsSkipped()) return;
    ASSERT_EQ(Await(keyring_.Load()), absl::OkStatus());
    call_.context.address = "10.0.0.1";
  }

  absl::StatusOr<::users::v1::PasswordTicket> Ticket(const std::string& id) {
    ::users::v1::CreatePasswordTicketRequest request;
    request.set_user_id(id);
    return Await(sessions_.CreatePasswordTicket(call_, request));
  }

  absl::Status SetPassword(const std::string& ticket,
                           const std::string& password) {
    ::users::v1::SetPasswordRequest request;
    request.set_ticket(ticket);
    request.set_new_password(password);
    return Await(sessions_.SetPassword(call_, request)).status();
  }

  // The id of somebody who can log in.
  std::string Person(const std::string& email, const std::string& password) {
    const auto user = Create(email);
    EXPECT_TRUE(user.ok()) << user.status();
    ReplacePassword(user->id(), password);
    return user->id();
  }

  void ReplacePassword(const std::string& id, const std::string& password) {
    const auto ticket = Ticket(id);
    ASSERT_TRUE(ticket.ok()) << ticket.status();
    EXPECT_EQ(SetPassword(ticket->ticket(), password), absl::OkStatus());
  }

  // The id of the session that these are of.
  std::string SessionOf(const ::users::v1::SessionTokens& tokens) {
    const auto token = ParseRefreshToken(tokens.refresh_token());
    const std::string family = tokens::SecretDigest(token->family);
    return Await(database_->Read(
                     [&](store::Tx& tx) { return FindSession(tx, family); }))
        .value()
        ->id;
  }

  // How many there are.
  int64_t Sessions() {
    return *Await(database_->Read([](store::Tx& tx) {
      return tx.QueryOne("SELECT count(*) AS n FROM sessions")->Int("n");
    }));
  }

  // The newest event that waits to be published.
  EventEnvelope LastEmitted() {
    return *Await(database_->Read([](store::Tx& tx) {
      const auto row = tx.QueryOne(
          "SELECT headers, payload FROM millrace_outbox ORDER BY id DESC LIMIT "
          "1");
      bus::Record record;
      record.headers =
          ValueOrThrow(bus::Headers::Unpack(row->Bytes("headers")));
      record.value = row->Bytes("payload");
      return ValueOrThrow(bus::DecodeEvent(record));
    }));
  }

  // Lets the loop go on until `there` says so.
  void TurnUntil(const std::function<bool()>& there) {
    while (!there()) ASSERT_EQ(Await(Yield()), absl::OkStatus());
  }

  absl::StatusOr<::users::v1::SessionTokens> Login(
      const std::string& email, const std::string& password) {
    ::users::v1::LoginRequest request;
    request.set_email(email);
    request.set_password(password);
    return Await(sessions_.Login(call_, request));
  }

  absl::StatusOr<::users::v1::SessionTokens> Refresh(const std::string& token) {
    ::users::v1::RefreshRequest request;
    request.set_refresh_token(token);
    return Await(sessions_.Refresh(call_, request));
  }

  absl::Status Logout(const std::string& token, bool everywhere = false) {
    ::users::v1::LogoutRequest request;
    request.set_refresh_token(token);
    request.set_everywhere(everywhere);
    return Await(sessions_.Logout(call_, request)).status();
  }

  absl::StatusOr<::users::v1::SessionTokens> ChangePassword(
      const std::string& old_password, const std::string& new_password) {
    ::users::v1::ChangePasswordRequest request;
    request.set_old_password(old_password);
    request.set_new_password(new_password);
    return Await(sessions_.ChangePassword(call_, request));
  }

  tokens::PasswordHasher hasher_;
  Keyring keyring_{*database_, clock_, logger_, {}};
  SessionsRpc sessions_{*database_, outbox_, clock_, hasher_, keyring_, {}};
};

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_SESSIONS_SUITE_H_
