#include "services/users/rpc_sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "contract/errors.h"
#include "contract/time.h"
#include "google/rpc/error_details.pb.h"
#include "runtime/pipeline.h"
#include "services/users/sessions_store.h"
#include "services/users/sessions_suite.h"
#include "tokens/secret.h"

namespace millrace::users {
namespace {

using absl::StatusCode;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kEmail[] = "ada@example.org";
constexpr char kPassword[] = "correct horse";

absl::Status WrongLogin() {
  return absl::UnauthenticatedError(
      "the e-mail address or the password is wrong");
}

absl::Status Ended() {
  return absl::UnauthenticatedError("the session has ended; log in again");
}

TEST_P(SessionsSuite, ALoginGivesATokenThatEverybodyCanVerify) {
  const std::string id = Person(kEmail, kPassword);
  const auto tokens = Login("Ada@Example.org", kPassword);
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  EXPECT_EQ(tokens->user_id(), id);
  EXPECT_EQ(tokens->access_expire_time().seconds(),
            absl::ToUnixSeconds(clock_.Now() + absl::Minutes(15)));
  const auto jwks = Await(sessions_.GetJwks(call_, {}));
  ASSERT_TRUE(jwks.ok()) << jwks.status();
  const auto keys = tokens::FromJwks(jwks->jwks());
  ASSERT_TRUE(keys.ok()) << keys.status();
  const auto claims = tokens::VerifyToken(
      tokens->access_token(), tokens::KeySet(keys->keys),
      {.issuer = "millrace", .audience = "millrace"}, clock_.Now());
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->subject, id);
  EXPECT_FALSE(claims->session.empty());
}

TEST_P(SessionsSuite, WhoIsWrongLearnsNothing) {
  Person(kEmail, kPassword);
  ASSERT_TRUE(Create("new@example.org").ok());
  EXPECT_EQ(Login(kEmail, "wrong horse").status(), WrongLogin());
  EXPECT_EQ(Login("nobody@example.org", kPassword).status(), WrongLogin());
  EXPECT_EQ(Login("new@example.org", kPassword).status(), WrongLogin());
  EXPECT_EQ(Login("new@example.org", "").status(), WrongLogin());
}

TEST_P(SessionsSuite, FailuresHaveToPauseAndOthersHaveNot) {
  Person(kEmail, kPassword);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Login(kEmail, "wrong horse").status(), WrongLogin());
  }
  const absl::Status paused = Login(kEmail, kPassword).status();
  EXPECT_EQ(paused, WithDetail(absl::ResourceExhaustedError(
                                   "too many failed logins for this e-mail "
                                   "address from here; try again in 1 s"),
                               [] {
                                 google::rpc::RetryInfo retry;
                                 retry.mutable_retry_delay()->set_seconds(1);
                                 return retry;
                               }()));
  // From elsewhere, and others from here, as before.
  EXPECT_EQ(Login("nobody@example.org", kPassword).status(), WrongLogin());
  call_.context.address = "10.0.0.2";
  EXPECT_TRUE(Login(kEmail, kPassword).ok());
  call_.context.address = "10.0.0.1";
  EXPECT_EQ(Login(kEmail, kPassword).status().code(),
            StatusCode::kResourceExhausted);
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(Login(kEmail, kPassword).ok());
  // Forgotten, all of them.
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Login(kEmail, "wrong horse").status(), WrongLogin());
  }
}

// From the headers of a call to the pause.
TEST_P(SessionsSuite, BehindProxiesFailuresAreThoseOfTheCaller) {
  Person(kEmail, kPassword);
  runtime::CallLimiter limiter({.proxies = 1}, 512, metrics_);
  // Deadlines here would be by a clock that stands still.
  runtime::Pipeline pipeline(
      {&::users::v1::SessionsService::Info()},
      {.default_deadline = absl::InfiniteDuration(), .limiter = &limiter},
      clock_, logger_, metrics_);
  ASSERT_TRUE(pipeline.Open(Bind(sessions_)).ok());
  const auto login = [&](const std::string& passed,
                         const std::string& password) {
    const auto target = pipeline.Find("/users.v1.SessionsService/Login");
    IncomingCall call;
    call.binding = target->binding;
    call.method = target->method;
    call.face = "http";
    call.peer = "10.0.0.9:4000";
    call.metadata = {{"x-forwarded-for", passed}};
    auto request = std::make_unique<::users::v1::LoginRequest>();
    request->set_email(kEmail);
    request->set_password(password);
    return Await(pipeline.Unary(std::move(call), std::move(request)))
        .status()
        .code();
  };
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(login("192.0.2.7", "wrong horse"), StatusCode::kUnauthenticated);
    EXPECT_EQ(login(StrCat("2001:db8::", i), "wrong horse"),
              StatusCode::kUnauthenticated);
  }
  EXPECT_EQ(login("192.0.2.7", kPassword), StatusCode::kResourceExhausted);
  EXPECT_EQ(login("2001:db8::9", kPassword), StatusCode::kResourceExhausted);
  // Whatever a caller claims to come from.
  EXPECT_EQ(login("192.0.2.8, 192.0.2.7", kPassword),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(login("192.0.2.8", kPassword), StatusCode::kOk);

  limiter.Set({.proxies = 0});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(login(StrCat("198.51.100.", i), "wrong horse"),
              StatusCode::kUnauthenticated);
  }
  EXPECT_EQ(login("203.0.113.1", kPassword), StatusCode::kResourceExhausted);
}

TEST_P(SessionsSuite, AnAccountThatIsNotThereHasToPauseAllTheSame) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Login("nobody@example.org", "guess").status(), WrongLogin());
  }
  EXPECT_EQ(Login("nobody@example.org", "guess").status().code(),
            StatusCode::kResourceExhausted);
}

TEST_P(SessionsSuite, TriesAtOnceAreTriesInARow) {
  Person(kEmail, kPassword);
  ::users::v1::LoginRequest request;
  request.set_email(kEmail);
  request.set_password("wrong horse");
  std::vector<Promise<absl::StatusOr<::users::v1::SessionTokens>>> logins;
  for (int i = 0; i < 12; ++i) {
    logins.push_back(AsStatusOr(sessions_.Login(call_, request)));
  }
  int paused = 0;
  for (auto& login : logins) {
    const auto tokens = *Await(std::move(login));
    if (tokens.status().code() == StatusCode::kResourceExhausted) ++paused;
  }
  EXPECT_EQ(paused, 7);
}

TEST_P(SessionsSuite, ARefreshTokenIsUsedOnce) {
  Person(kEmail, kPassword);
  const auto first = Login(kEmail, kPassword);
  ASSERT_TRUE(first.ok()) << first.status();
  clock_.Advance(absl::Minutes(20));
  const auto second = Refresh(first->refresh_token());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_NE(second->refresh_token(), first->refresh_token());
  EXPECT_GT(second->access_expire_time().seconds(),
            absl::ToUnixSeconds(clock_.Now()));
  ASSERT_TRUE(Refresh(second->refresh_token()).ok());
}

TEST_P(SessionsSuite, AUsedTokenEndsTheSessionAndNoOther) {
  Person(kEmail, kPassword);
  const auto stolen = Login(kEmail, kPassword);
  const auto other = Login(kEmail, kPassword);
  ASSERT_TRUE(stolen.ok() && other.ok());
  const std::string session = SessionOf(*stolen);
  const auto next = Refresh(stolen->refresh_token());
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(Refresh(stolen->refresh_token()).status(), Ended());
  EXPECT_EQ(Refresh(next->refresh_token()).status(), Ended());
  EXPECT_TRUE(Refresh(other->refresh_token()).ok());
  // Told of once.
  EXPECT_THAT(Emitted(), ElementsAre("Created", "PasswordTicketCreated",
                                     "PasswordChanged", "SessionRevoked"));
  const EventEnvelope event = LastEmitted();
  ::users::v1::UserSessionRevoked revoked;
  ASSERT_TRUE(DecodePayload(event, &revoked).ok());
  EXPECT_EQ(event.key, stolen->user_id());
  EXPECT_EQ(revoked.user_id(), stolen->user_id());
  EXPECT_EQ(revoked.session_id(), session);
  EXPECT_EQ(revoked.reason(),
            ::users::v1::USER_SESSION_REVOKE_REASON_TOKEN_REUSED);
  EXPECT_EQ(TimeFrom(revoked.revoke_time()), clock_.Now());
}

TEST_P(SessionsSuite, AGuessEndsNothing) {
  Person(kEmail, kPassword);
  const auto tokens = Login(kEmail, kPassword);
  ASSERT_TRUE(tokens.ok());
  for (const char* guess : {"", ".", "a.b", "family.turn"}) {
    EXPECT_EQ(Refresh(guess).status(), Ended()) << guess;
    EXPECT_EQ(Logout(guess), absl::OkStatus()) << guess;
  }
  EXPECT_TRUE(Refresh(tokens->refresh_token()).ok());
}

TEST_P(SessionsSuite, SessionsEndWhenNobodyComes) {
  Person(kEmail, kPassword);
  const auto tokens = Login(kEmail, kPassword);
  ASSERT_TRUE(tokens.ok());
  clock_.Advance(absl::Hours(720));
  EXPECT_EQ(Refresh(tokens->refresh_token()).status(), Ended());
  EXPECT_THAT(Emitted(), Not(Contains("SessionRevoked")));
}

TEST_P(SessionsSuite, ALogoutEndsOneSessionOrAll) {
  Person(kEmail, kPassword);
  const auto one = Login(kEmail, kPassword);
  const auto two = Login(kEmail, kPassword);
  const auto three = Login(kEmail, kPassword);
  ASSERT_TRUE(one.ok() && two.ok() && three.ok());
  EXPECT_EQ(Logout(one->refresh_token()), absl::OkStatus());
  EXPECT_EQ(Refresh(one->refresh_token()).status(), Ended());
  EXPECT_EQ(Logout(two->refresh_token(), true), absl::OkStatus());
  EXPECT_EQ(Refresh(three->refresh_token()).status(), Ended());
}

TEST_P(SessionsSuite, ASuspendedPersonIsOutside) {
  const std::string id = Person(kEmail, kPassword);
  const auto before = Login(kEmail, kPassword);
  ASSERT_TRUE(before.ok());
  ASSERT_TRUE(Suspend(id).ok());
  EXPECT_EQ(Refresh(before->refresh_token()).status(), Ended());
  EXPECT_EQ(Login(kEmail, kPassword).status(),
            absl::PermissionDeniedError(
                "this account is suspended and cannot log in"));
  EXPECT_EQ(Login(kEmail, "wrong horse").status(), WrongLogin());
}

TEST_P(SessionsSuite, ADeletedPersonIsUnknown) {
  const std::string id = Person(kEmail, kPassword);
  const auto before = Login(kEmail, kPassword);
  ASSERT_TRUE(before.ok());
  ASSERT_EQ(Delete(id), absl::OkStatus());
  EXPECT_EQ(Refresh(before->refresh_token()).status(), Ended());
  EXPECT_EQ(Login(kEmail, kPassword).status(), WrongLogin());
}

TEST_P(SessionsSuite, APasswordIsChangedByWhoHasIt) {
  const std::string id = Person(kEmail, kPassword);
  const auto before = Login(kEmail, kPassword);
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(ChangePassword(kPassword, "battery staple").status().code(),
            StatusCode::kUnauthenticated);
  call_.context.identity.subject = id;
  EXPECT_EQ(ChangePassword("wrong horse", "battery staple").status(),
            absl::PermissionDeniedError("the old password is wrong"));
  const auto after = ChangePassword(kPassword, "battery staple");
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(Refresh(before->refresh_token()).status(), Ended());
  EXPECT_TRUE(Refresh(after->refresh_token()).ok());
  EXPECT_EQ(Login(kEmail, kPassword).status(), WrongLogin());
  EXPECT_TRUE(Login(kEmail, "battery staple").ok());
  EXPECT_THAT(Emitted(), ElementsAre("Created", "PasswordTicketCreated",
                                     "PasswordChanged", "PasswordChanged"));
}

TEST_P(SessionsSuite, ATicketIsGoodOnceAndForADay) {
  const auto user = Create(kEmail);
  ASSERT_TRUE(user.ok());
  const absl::Status refused = absl::UnauthenticatedError(
      "the ticket was used, replaced, or is too old; ask for another");
  EXPECT_EQ(Ticket("00000000-0000-7000-8000-000000000000").status().code(),
            StatusCode::kNotFound);
  const auto replaced = Ticket(user->id());
  const auto ticket = Ticket(user->id());
  ASSERT_TRUE(replaced.ok() && ticket.ok());
  EXPECT_EQ(SetPassword(replaced->ticket(), kPassword), refused);
  EXPECT_EQ(SetPassword(ticket->ticket(), kPassword), absl::OkStatus());
  EXPECT_EQ(SetPassword(ticket->ticket(), "battery staple"), refused);
  EXPECT_TRUE(Login(kEmail, kPassword).ok());
  const auto old = Ticket(user->id());
  ASSERT_TRUE(old.ok());
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(SetPassword(old->ticket(), "battery staple"), refused);
}

TEST_P(SessionsSuite, ATicketIsToldOfWithWhoAskedAndWithoutTheSecret) {
  const auto user = Create(kEmail);
  ASSERT_TRUE(user.ok());
  call_.context.identity.subject = "an administrator";
  EXPECT_FALSE(Ticket("00000000-0000-7000-8000-000000000000").ok());
  EXPECT_THAT(Emitted(), ElementsAre("Created"));
  const auto ticket = Ticket(user->id());
  ASSERT_TRUE(ticket.ok()) << ticket.status();
  EXPECT_THAT(Emitted(), ElementsAre("Created", "PasswordTicketCreated"));
  const EventEnvelope event = LastEmitted();
  ::users::v1::UserPasswordTicketCreated created;
  ASSERT_TRUE(DecodePayload(event, &created).ok());
  EXPECT_EQ(bus::ActorOf(event), "an administrator");
  EXPECT_EQ(event.key, user->id());
  EXPECT_EQ(created.user_id(), user->id());
  EXPECT_EQ(TimeFrom(created.expire_time()), TimeFrom(ticket->expire_time()));
  EXPECT_THAT(event.payload, Not(HasSubstr(ticket->ticket())));
  EXPECT_THAT(event.payload,
              Not(HasSubstr(tokens::SecretDigest(ticket->ticket()))));
}

TEST_P(SessionsSuite, WhatHasEndedIsRemoved) {
  Person(kEmail, kPassword);
  ASSERT_TRUE(Login(kEmail, kPassword).ok());
  EXPECT_EQ(Login("nobody@example.org", kPassword).status(), WrongLogin());
  const auto prune = [&] {
    const absl::Time now = clock_.Now();
    return *Await(database_->Transact([now](store::Tx& tx) {
      return PruneSessions(tx, now, now - absl::Hours(1));
    }));
  };
  EXPECT_EQ(prune(), 0);
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(prune(), 1);
  clock_.Advance(absl::Hours(720));
  EXPECT_EQ(prune(), 1);
}

}  // namespace
}  // namespace millrace::users
