// Logins while something else goes on: passwords that change under them, a
// hasher that has too much to do, callers that give up. On each database.
#include "services/users/logins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "services/users/sessions_suite.h"

namespace millrace::users {
namespace {

using ::testing::HasSubstr;
using Tokens = absl::StatusOr<::users::v1::SessionTokens>;

constexpr char kEmail[] = "ada@example.org";
constexpr char kPassword[] = "correct horse";

absl::Status WrongLogin() {
  return absl::UnauthenticatedError(
      "the e-mail address or the password is wrong");
}

// Until a thread has taken all that waits. The loop stands still.
void AwaitTaken(const WorkerPool& pool) {
  while (pool.queued() > 0) std::this_thread::yield();
}

// Takes the only thread of a hasher when its turn comes, so that all others
// wait.
class Hold {
 public:
  explicit Hold(tokens::PasswordHasher& hasher)
      : done_(hasher.pool().Run([this] { open_.wait(); })) {}

  // Once. Resolves when the thread is free.
  Promise<void> LetGo() {
    open_.count_down();
    return std::move(done_);
  }

 private:
  std::latch open_{1};
  Promise<void> done_;
};

// `call` outlives the promise.
Promise<Tokens> BeginLogin(SessionsRpc& sessions, const std::string& password,
                           const Call& call) {
  ::users::v1::LoginRequest request;
  request.set_email(kEmail);
  request.set_password(password);
  co_return co_await AsStatusOr(sessions.Login(call, request));
}

TEST_P(SessionsSuite, APasswordThatChangesMeanwhileLogsNobodyIn) {
  const std::string id = Person(kEmail, kPassword);
  tokens::PasswordHasher hasher({.max_parallel = 1});
  SessionsRpc sessions(*database_, outbox_, clock_, hasher, keyring_, {});
  Hold hold(hasher);
  AwaitTaken(hasher.pool());
  auto login = BeginLogin(sessions, kPassword, call_);
  TurnUntil([&] { return hasher.pool().queued() == 1; });
  ReplacePassword(id, "battery staple");
  ASSERT_EQ(Await(hold.LetGo()), absl::OkStatus());
  EXPECT_EQ(Await(std::move(login))->status(), WrongLogin());
  EXPECT_EQ(Sessions(), 0);
  EXPECT_TRUE(Login(kEmail, "battery staple").ok());
}

TEST_P(SessionsSuite, APasswordThatChangesMeanwhileIsNotChangedAgain) {
  const std::string id = Person(kEmail, kPassword);
  tokens::PasswordHasher hasher({.max_parallel = 1});
  SessionsRpc sessions(*database_, outbox_, clock_, hasher, keyring_, {});
  Call adas = call_;
  adas.context.identity.subject = id;
  ::users::v1::ChangePasswordRequest request;
  request.set_old_password(kPassword);
  request.set_new_password("a thief's own");
  Hold hold(hasher);
  AwaitTaken(hasher.pool());
  auto change = AsStatusOr(sessions.ChangePassword(adas, request));
  TurnUntil([&] { return hasher.pool().queued() == 1; });
  ReplacePassword(id, "battery staple");
  ASSERT_EQ(Await(hold.LetGo()), absl::OkStatus());
  EXPECT_EQ(Await(std::move(change))->status(),
            absl::PermissionDeniedError("the old password is wrong"));
  EXPECT_EQ(Sessions(), 0);
  EXPECT_TRUE(Login(kEmail, "battery staple").ok());
}

TEST_P(SessionsSuite, ARenewedHashIsTheSamePassword) {
  const std::string id = Person(kEmail, kPassword);
  tokens::PasswordHasher hasher({.passes = 3, .max_parallel = 1});
  SessionsRpc sessions(*database_, outbox_, clock_, hasher, keyring_, {});
  // Both find the hash of before, and one renews it before the other ends.
  Hold hold(hasher);
  AwaitTaken(hasher.pool());
  auto one = BeginLogin(sessions, kPassword, call_);
  auto two = BeginLogin(sessions, kPassword, call_);
  TurnUntil([&] { return hasher.pool().queued() == 2; });
  ASSERT_EQ(Await(hold.LetGo()), absl::OkStatus());
  EXPECT_EQ(Await(std::move(one))->status(), absl::OkStatus());
  EXPECT_EQ(Await(std::move(two))->status(), absl::OkStatus());
  const auto credential = *Await(
      database_->Read([&](store::Tx& tx) { return FindCredential(tx, id); }));
  ASSERT_TRUE(credential);
  EXPECT_FALSE(hasher.NeedsRehash(credential->hash));
}

TEST_P(SessionsSuite, WhatWasRefusedCountsAsNoFailure) {
  Person(kEmail, kPassword);
  tokens::PasswordHasher hasher({.max_parallel = 1, .max_waiting = 1});
  SessionsRpc sessions(*database_, outbox_, clock_, hasher, keyring_, {});
  Hold hold(hasher);
  AwaitTaken(hasher.pool());
  auto waiting = AsStatusOr(hasher.Hash("another's"));
  for (int i = 0; i < 5; ++i) {
    const Tokens refused = *Await(BeginLogin(sessions, kPassword, call_));
    EXPECT_THAT(refused.status().ToString(), HasSubstr("'password' is full"));
  }
  ASSERT_EQ(Await(hold.LetGo()), absl::OkStatus());
  ASSERT_TRUE(Await(std::move(waiting))->ok());
  EXPECT_EQ(Await(BeginLogin(sessions, kPassword, call_))->status(),
            absl::OkStatus());
}

TEST_P(SessionsSuite, RefusalsLeaveThePauseAsItWas) {
  Person(kEmail, kPassword);
  tokens::PasswordHasher hasher({.max_parallel = 1, .max_waiting = 1});
  SessionsRpc sessions(*database_, outbox_, clock_, hasher, keyring_, {});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Login(kEmail, "wrong horse").status(), WrongLogin());
  }
  clock_.Advance(absl::Seconds(1));
  Hold hold(hasher);
  AwaitTaken(hasher.pool());
  auto waiting = AsStatusOr(hasher.Hash("another's"));
  for (int i = 0; i < 3; ++i) {
    const Tokens refused = *Await(BeginLogin(sessions, kPassword, call_));
    EXPECT_THAT(refused.status().ToString(), HasSubstr("'password' is full"));
  }
  ASSERT_EQ(Await(hold.LetGo()), absl::OkStatus());
  ASSERT_TRUE(Await(std::move(waiting))->ok());
  // One try is due, and no more than one.
  EXPECT_EQ(Login(kEmail, "wrong horse").status(), WrongLogin());
  EXPECT_THAT(Login(kEmail, kPassword).status().ToString(),
              HasSubstr("try again in 2 s"));
}

TEST_P(SessionsSuite, WhoGivesUpBeforeTheirTurnHasNotFailed) {
  Person(kEmail, kPassword);
  tokens::PasswordHasher hasher({.max_parallel = 1});
  SessionsRpc sessions(*database_, outbox_, clock_, hasher, keyring_, {});
  Hold hold(hasher);
  AwaitTaken(hasher.pool());
  for (int i = 0; i < 5; ++i) {
    AbortController controller;
    Call call = call_;
    call.signal = controller.signal();
    auto login = BeginLogin(sessions, kPassword, call);
    TurnUntil([&] { return hasher.pool().queued() == 1; });
    controller.Abort();
    EXPECT_EQ(Await(std::move(login))->status().code(),
              absl::StatusCode::kCancelled);
  }
  ASSERT_EQ(Await(hold.LetGo()), absl::OkStatus());
  EXPECT_EQ(Await(BeginLogin(sessions, kPassword, call_))->status(),
            absl::OkStatus());
}

// Or giving up would make guesses free.
TEST_P(SessionsSuite, WhoGivesUpOnceItIsLookedAtHasFailed) {
  Person(kEmail, kPassword);
  tokens::PasswordHasher hasher({.max_parallel = 1});
  SessionsRpc sessions(*database_, outbox_, clock_, hasher, keyring_, {});
  for (int i = 0; i < 5; ++i) {
    AbortController controller;
    Call call = call_;
    call.signal = controller.signal();
    auto login = BeginLogin(sessions, "wrong horse", call);
    TurnUntil([&] { return hasher.pool().running() == 1 || login.settled(); });
    controller.Abort();
    EXPECT_EQ(Await(std::move(login))->status(), WrongLogin());
  }
  EXPECT_THAT(Login(kEmail, kPassword).status().ToString(),
              HasSubstr("too many failed logins"));
}

TEST_P(SessionsSuite, AHashThatCannotBeRenewedNowIsRenewedLater) {
  const std::string id = Person(kEmail, kPassword);
  tokens::PasswordHasher hasher(
      {.passes = 3, .max_parallel = 1, .max_waiting = 2});
  SessionsRpc sessions(*database_, outbox_, clock_, hasher, keyring_, {});
  const auto needs_renewal = [&] {
    const auto credential = *Await(
        database_->Read([&](store::Tx& tx) { return FindCredential(tx, id); }));
    return hasher.NeedsRehash(credential->hash);
  };
  // The thread and all places are another's when it is the hash's turn.
  Hold before(hasher);
  AwaitTaken(hasher.pool());
  auto login = BeginLogin(sessions, kPassword, call_);
  TurnUntil([&] { return hasher.pool().queued() == 1; });
  Hold behind(hasher);
  auto freed = before.LetGo();
  AwaitTaken(hasher.pool());
  auto one = hasher.Hash("another's");
  auto two = hasher.Hash("another's");
  EXPECT_EQ(Await(std::move(login))->status(), absl::OkStatus());
  EXPECT_TRUE(needs_renewal());
  ASSERT_EQ(Await(behind.LetGo()), absl::OkStatus());
  ASSERT_TRUE(Await(std::move(one)).ok() && Await(std::move(two)).ok());
  ASSERT_EQ(Await(std::move(freed)), absl::OkStatus());
  EXPECT_TRUE(Await(BeginLogin(sessions, kPassword, call_))->ok());
  EXPECT_FALSE(needs_renewal());
}

}  // namespace
}  // namespace millrace::users
