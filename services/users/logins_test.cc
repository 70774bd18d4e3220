// Logins while something else goes on: passwords that change under them, on
// each database.
#include "services/users/logins.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "services/users/sessions_suite.h"

namespace millrace::users {
namespace {

using Tokens = absl::StatusOr<::users::v1::SessionTokens>;

constexpr char kEmail[] = "ada@example.org";
constexpr char kPassword[] = "correct horse";

absl::Status WrongLogin() {
  return absl::UnauthenticatedError(
      "the e-mail address or the password is wrong");
}

// Keeps the only thread of a hasher, so that all others wait.
class Hold {
 public:
  explicit Hold(tokens::PasswordHasher& hasher)
      : done_(hasher.pool().Run([this] { open_.wait(); })) {
    while (hasher.pool().running() == 0) std::this_thread::yield();
  }

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

}  // namespace
}  // namespace millrace::users
