#include "services/users/permissions.h"

#include "services/users/purge.h"
#include "services/users/sessions_suite.h"
#include "tokens/base64url.h"
#include "tokens/claims.h"

namespace millrace::users {
namespace {

using ::admin::v1::PermissionsChanged;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kEmail[] = "ada@example.org";
constexpr char kPassword[] = "correct horse";

class PermissionsFeed {
 public:
  explicit PermissionsFeed(store::Database& database)
      : inbox_(database, kPermissionsGroup), listener_(inbox_) {}

  // As the bus would hand it over.
  Promise<void> Changed(std::string event_id, std::string user_id,
                        std::vector<std::string> permissions) {
    PermissionsChanged payload;
    payload.set_user_id(std::move(user_id));
    for (std::string& one : permissions) {
      payload.add_permissions(std::move(one));
    }
    EventEnvelope envelope;
    envelope.id = std::move(event_id);
    envelope.trace = TraceContext::NewRoot();
    const Event<PermissionsChanged> event = {payload, envelope};
    co_await listener_.OnPermissionsChanged(event);
  }

 private:
  bus::Inbox inbox_;
  PermissionsListener listener_;
};

std::vector<std::string> PermissionsIn(const std::string& access_token) {
  // The middle part; what the signature is worth is tested elsewhere.
  const size_t begin = access_token.find('.') + 1;
  const std::string part =
      access_token.substr(begin, access_token.find('.', begin) - begin);
  const auto json = tokens::FromBase64Url(part);
  EXPECT_TRUE(json.has_value()) << part;
  const auto claims = tokens::ReadClaims(json.value_or(""));
  EXPECT_TRUE(claims.ok()) << claims.status();
  return claims.ok() ? claims->permissions : std::vector<std::string>();
}

TEST_P(SessionsSuite, TokensSayWhatTheLastEventSaid) {
  const std::string id = Person(kEmail, kPassword);
  PermissionsFeed feed(*database_);
  const auto first = Login(kEmail, kPassword);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(PermissionsIn(first->access_token()), IsEmpty());

  ASSERT_TRUE(
      Await(feed.Changed("e1", id, {"admin.audit.read", "users.*"})).ok());
  const auto refreshed = Refresh(first->refresh_token());
  ASSERT_TRUE(refreshed.ok()) << refreshed.status();
  EXPECT_THAT(PermissionsIn(refreshed->access_token()),
              ElementsAre("admin.audit.read", "users.*"));

  ASSERT_TRUE(Await(feed.Changed("e2", id, {"users.users.read"})).ok());
  // Delivered again, and late.
  ASSERT_TRUE(
      Await(feed.Changed("e1", id, {"admin.audit.read", "users.*"})).ok());
  EXPECT_THAT(PermissionsIn(Login(kEmail, kPassword)->access_token()),
              ElementsAre("users.users.read"));

  ASSERT_TRUE(Await(feed.Changed("e3", id, {})).ok());
  EXPECT_THAT(PermissionsIn(Login(kEmail, kPassword)->access_token()),
              IsEmpty());
}

TEST_P(SessionsSuite, PermissionsOfOthersAreOthers) {
  Person(kEmail, kPassword);
  const std::string bob = Person("bob@example.org", kPassword);
  PermissionsFeed feed(*database_);
  ASSERT_TRUE(Await(feed.Changed("e1", bob, {"*"})).ok());
  EXPECT_THAT(PermissionsIn(Login(kEmail, kPassword)->access_token()),
              IsEmpty());
}

TEST_P(SessionsSuite, PurgingForgetsPermissions) {
  const std::string id = Person(kEmail, kPassword);
  PermissionsFeed feed(*database_);
  ASSERT_TRUE(Await(feed.Changed("e1", id, {"*"})).ok());
  ASSERT_TRUE(Delete(id).ok());
  clock_.Advance(absl::Hours(48));
  Purger purger(*database_, outbox_, clock_, logger_);
  ASSERT_EQ(*Await(purger.PurgeDue()), 1);
  EXPECT_THAT(*Await(database_->Read(
                  [&](store::Tx& tx) { return FindPermissions(tx, id); })),
              IsEmpty());
}

}  // namespace
}  // namespace millrace::users
