#include "services/users/rpc_sessions.h"

#include <optional>
#include <utility>

#include "base/ids.h"
#include "base/status.h"
#include "base/strings.h"
#include "contract/time.h"
#include "services/users/permissions.h"
#include "services/users/sessions_store.h"
#include "services/users/store.h"
#include "services/users/wire.h"
#include "tokens/jwk.h"
#include "tokens/jwt.h"
#include "tokens/secret.h"
#include "users/v1/events.millrace.h"

namespace millrace::users {
namespace {

using ::users::v1::SessionTokens;
using ::users::v1::UserEvents;

// One and the same for an unknown address, a wrong password and a person
// without one.
absl::Status WrongLogin() {
  return absl::UnauthenticatedError(
      "the e-mail address or the password is "
      "wrong");
}

absl::Status WrongOldPassword() {
  return absl::PermissionDeniedError("the old password is wrong");
}

absl::Status SessionEnded() {
  return absl::UnauthenticatedError("the session has ended; log in again");
}

// Told only to who has the password.
absl::Status CheckMayLogIn(const Person& person) {
  if (person.state() == State::kActive) return absl::OkStatus();
  return absl::PermissionDeniedError(
      "this account is suspended and cannot log in");
}

}  // namespace

SessionsRpc::SessionsRpc(store::Database& database, bus::Outbox& outbox,
                         const Clock& clock, tokens::PasswordHasher& hasher,
                         const Keyring& keyring, SessionsRpcOptions options)
    : database_(database),
      outbox_(outbox),
      clock_(clock),
      hasher_(hasher),
      keyring_(keyring),
      options_(std::move(options)),
      logins_(database, hasher, clock, options_.lockout) {}

SessionsRpc::Begun SessionsRpc::Begin(store::Tx& tx, const Person& person,
                                      absl::Time now) const {
  Begun begun;
  begun.refresh_token = NewRefreshToken();
  begun.session = NewSession(NewId(), person.id, begun.refresh_token, now,
                             options_.sessions);
  InsertSession(tx, begun.session);
  begun.permissions = FindPermissions(tx, person.id);
  return begun;
}

SessionTokens SessionsRpc::TokensOf(const Begun& begun, absl::Time now) const {
  const absl::Time expiry = now + options_.sessions.access_life;
  const tokens::Claims claims = {.issuer = options_.issuer,
                                 .subject = begun.session.user_id,
                                 .audience = {options_.audience},
                                 .expiry = expiry,
                                 .not_before = now,
                                 .issued_at = now,
                                 .id = NewId(),
                                 .session = begun.session.id,
                                 .permissions = begun.permissions};
  const tokens::Key key = ValueOrThrow(keyring_.Current());
  SessionTokens reply;
  reply.set_user_id(begun.session.user_id);
  reply.set_access_token(ValueOrThrow(tokens::IssueToken(key, claims)));
  SetTimestamp(expiry, reply.mutable_access_expire_time());
  reply.set_refresh_token(begun.refresh_token.ToText());
  SetTimestamp(begun.session.expire_time, reply.mutable_refresh_expire_time());
  return reply;
}

Promise<SessionTokens> SessionsRpc::Login(
    const Call& call, const ::users::v1::LoginRequest& request) {
  const std::optional<Logins::Checked> checked =
      co_await logins_.Check(call, request.email(), request.password());
  if (!checked) Throw(WrongLogin());
  const absl::Time now = clock_.Now();
  const Begun begun =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        // As person and password are now: both may have changed while it was
        // hashed.
        if (!Logins::Holds(tx, *checked)) Throw(WrongLogin());
        const Person current = Find(tx, checked->person.id);
        ThrowIfError(CheckMayLogIn(current));
        return Begin(tx, current, now);
      });
  co_return TokensOf(begun, now);
}

Promise<SessionTokens> SessionsRpc::Refresh(
    const Call& call, const ::users::v1::RefreshRequest& request) {
  const auto token = ParseRefreshToken(request.refresh_token());
  if (!token) Throw(SessionEnded());
  const absl::Time now = clock_.Now();
  const RefreshToken next = NextTurn(*token);
  // Nothing is thrown inside: what ends a session has to commit.
  const std::optional<Begun> begun = co_await database_.Transact(
      call.context, [&](store::Tx& tx) -> std::optional<Begun> {
        auto session = FindSession(tx, tokens::SecretDigest(token->family));
        if (!session) return std::nullopt;
        const auto people = FindMany(tx, {session->user_id});
        const bool may = !people.empty() && CheckMayLogIn(people[0]).ok();
        const RefreshOutcome outcome =
            users::Refresh(*token, next, now, options_.sessions, *session);
        if (!may || outcome != RefreshOutcome::kGood) {
          DeleteSession(tx, session->id);
          if (outcome == RefreshOutcome::kReused) {
            outbox_.Emit<UserEvents::SessionRevoked>(
                tx, ToSessionRevoked(*session, now));
          }
          return std::nullopt;
        }
        UpdateSession(tx, *session);
        std::vector<std::string> permissions =
            FindPermissions(tx, session->user_id);
        return Begun{*std::move(session), next, std::move(permissions)};
      });
  if (!begun) Throw(SessionEnded());
  co_return TokensOf(*begun, now);
}

Promise<::users::v1::LogoutResponse> SessionsRpc::Logout(
    const Call& call, const ::users::v1::LogoutRequest& request) {
  const auto token = ParseRefreshToken(request.refresh_token());
  if (!token) co_return ::users::v1::LogoutResponse();
  co_await database_.Transact(call.context, [&](store::Tx& tx) {
    const auto session = FindSession(tx, tokens::SecretDigest(token->family));
    if (!session) return;
    if (request.everywhere()) {
      DeleteSessionsOf(tx, session->user_id);
    } else {
      DeleteSession(tx, session->id);
    }
  });
  co_return ::users::v1::LogoutResponse();
}

void SessionsRpc::ReplacePassword(store::Tx& tx, const Person& person,
                                  const std::string& hash, absl::Time now) {
  SavePasswordHash(tx, person.id, hash, now);
  DeleteSessionsOf(tx, person.id);
  outbox_.Emit<UserEvents::PasswordChanged>(tx, ToPasswordChanged(person, now));
}

Promise<SessionTokens> SessionsRpc::ChangePassword(
    const Call& call, const ::users::v1::ChangePasswordRequest& request) {
  const std::string& id = call.context.identity.subject;
  if (id.empty()) {
    Throw(absl::UnauthenticatedError(
        "a password is changed by who has it; send an access token"));
  }
  const Person person = co_await database_.Read(
      call.context, [&](store::Tx& tx) { return Find(tx, id); });
  const std::optional<Logins::Checked> checked =
      co_await logins_.Check(call, person.email, request.old_password());
  // The address may have become another's meanwhile.
  if (!checked || checked->person.id != id) Throw(WrongOldPassword());
  const std::string hash =
      co_await hasher_.Hash(request.new_password(), call.signal);
  const absl::Time now = clock_.Now();
  const Begun begun =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        if (!Logins::Holds(tx, *checked)) Throw(WrongOldPassword());
        const Person current = Find(tx, id);
        ThrowIfError(CheckMayLogIn(current));
        ReplacePassword(tx, current, hash, now);
        return Begin(tx, current, now);
      });
  co_return TokensOf(begun, now);
}

Promise<::users::v1::PasswordTicket> SessionsRpc::CreatePasswordTicket(
    const Call& call, const ::users::v1::CreatePasswordTicketRequest& request) {
  const std::string ticket = tokens::NewSecret();
  const absl::Time expiry = clock_.Now() + options_.sessions.ticket_life;
  co_await database_.Transact(call.context, [&](store::Tx& tx) {
    const Person person = Find(tx, request.user_id());
    SaveTicket(tx, person.id, tokens::SecretDigest(ticket), expiry);
    outbox_.Emit<UserEvents::PasswordTicketCreated>(
        tx, ToPasswordTicketCreated(person.id, expiry));
  });
  ::users::v1::PasswordTicket reply;
  reply.set_ticket(ticket);
  SetTimestamp(expiry, reply.mutable_expire_time());
  co_return reply;
}

Promise<::users::v1::SetPasswordResponse> SessionsRpc::SetPassword(
    const Call& call, const ::users::v1::SetPasswordRequest& request) {
  const std::string digest = tokens::SecretDigest(request.ticket());
  // Looked at first, so that only a ticket buys the cost of a hash.
  const bool there = co_await database_.Read(
      call.context, [&](store::Tx& tx) { return HasTicket(tx, digest); });
  const absl::Status refused = absl::UnauthenticatedError(
      "the ticket was used, replaced, or is too old; ask for another");
  if (!there) Throw(refused);
  const std::string hash =
      co_await hasher_.Hash(request.new_password(), call.signal);
  const absl::Time now = clock_.Now();
  const bool set =
      co_await database_.Transact(call.context, [&](store::Tx& tx) {
        const auto user_id = TakeTicket(tx, digest, now);
        if (!user_id) return false;
        ReplacePassword(tx, Find(tx, *user_id), hash, now);
        return true;
      });
  if (!set) Throw(refused);
  co_return ::users::v1::SetPasswordResponse();
}

Promise<::users::v1::GetJwksResponse> SessionsRpc::GetJwks(
    const Call&, const ::users::v1::GetJwksRequest&) {
  ::users::v1::GetJwksResponse reply;
  reply.set_jwks(ValueOrThrow(tokens::ToJwks(keyring_.Published().keys())));
  return Promise<::users::v1::GetJwksResponse>::Resolve(std::move(reply));
}

}  // namespace millrace::users
