#include "services/users/rpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/strings.h"
#include "tests/support/service_test.h"
#include "users/migrations.h"
#include "users/v1/events.millrace.h"

namespace millrace::users {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::users::v1::User;

class UsersRpcTest : public testing::ServiceTest {
 protected:
  UsersRpcTest() : ServiceTest("users", UsersMigrations()) {}

  absl::StatusOr<User> Create(const std::string& email) {
    ::users::v1::CreateUserRequest request;
    request.set_email(email);
    request.set_display_name("Name of " + email);
    return Await(rpc_.CreateUser(call_, request));
  }

  std::vector<std::string> Emitted() {
    return ServiceTest::Emitted(::users::v1::UserEvents::Info());
  }

  UsersRpc rpc_{*database_, outbox_, clock_};
};

TEST_F(UsersRpcTest, CreatesAndEmitsTogether) {
  const auto user = Create("Ada@Example.org");
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_EQ(user->email(), "ada@example.org");
  EXPECT_EQ(user->locale(), "en");
  ::users::v1::GetUserRequest get;
  get.set_id(user->id());
  const auto found = Await(rpc_.GetUser(call_, get));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->SerializeAsString(), user->SerializeAsString());
  EXPECT_THAT(Emitted(), ElementsAre("Created"));
}

TEST_F(UsersRpcTest, ADuplicateEmailEmitsNothing) {
  ASSERT_TRUE(Create("ada@example.org").ok());
  EXPECT_EQ(Create("ADA@example.org").status(),
            absl::AlreadyExistsError("another user has this e-mail address"));
  EXPECT_THAT(Emitted(), ElementsAre("Created"));
}

TEST_F(UsersRpcTest, UpdatesOnlyWhatChanges) {
  const User ada = *Create("ada@example.org");
  ::users::v1::UpdateUserRequest request;
  request.set_id(ada.id());
  request.set_etag(ada.etag());
  request.mutable_user()->set_locale("fr");
  clock_.Advance(absl::Seconds(5));
  const auto updated = Await(rpc_.UpdateUser(call_, request));
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->locale(), "fr");
  EXPECT_EQ(updated->email(), ada.email());
  EXPECT_EQ(updated->update_time().seconds(), ada.update_time().seconds() + 5);
  EXPECT_NE(updated->etag(), ada.etag());

  // The same again: refused by the etag, and without it nothing to do.
  EXPECT_EQ(Await(rpc_.UpdateUser(call_, request)).status().code(),
            absl::StatusCode::kAborted);
  request.clear_etag();
  EXPECT_EQ(Await(rpc_.UpdateUser(call_, request))->etag(), updated->etag());
  EXPECT_THAT(Emitted(), ElementsAre("Created", "Updated"));
}

TEST_F(UsersRpcTest, DeletesOnce) {
  const User ada = *Create("ada@example.org");
  ::users::v1::DeleteUserRequest request;
  request.set_id(ada.id());
  EXPECT_TRUE(Await(rpc_.DeleteUser(call_, request)).ok());
  EXPECT_EQ(
      Await(rpc_.DeleteUser(call_, request)).status(),
      absl::NotFoundError(StrCat("there is no user with the id ", ada.id())));
  EXPECT_THAT(Emitted(), ElementsAre("Created", "Deleted"));
}

TEST_F(UsersRpcTest, PagesSurviveInserts) {
  std::vector<std::string> created;
  for (int i = 0; i < 5; ++i) {
    created.push_back(Create(StrCat("u", i, "@example.org"))->id());
  }
  std::sort(created.begin(), created.end());
  ::users::v1::ListUsersRequest request;
  request.set_page_size(2);
  std::vector<std::string> listed;
  do {
    const auto page = Await(rpc_.ListUsers(call_, request));
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LE(page->users_size(), 2);
    for (const User& user : page->users()) listed.push_back(user.id());
    request.set_page_token(page->next_page_token());
    // Sorts behind everybody, on a page to come.
    if (listed.size() == 2) {
      created.push_back(Create("late@example.org")->id());
      std::sort(created.begin(), created.end());
    }
  } while (!request.page_token().empty());
  // What was inserted may come, but nobody is missed and nobody comes twice.
  EXPECT_EQ(listed, created);
}

TEST_F(UsersRpcTest, ListsNobodyAtFirst) {
  const auto page = Await(rpc_.ListUsers(call_, {}));
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->users(), IsEmpty());
  EXPECT_EQ(page->next_page_token(), "");
}

}  // namespace
}  // namespace millrace::users
