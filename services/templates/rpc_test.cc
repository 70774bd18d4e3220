#include "services/templates/rpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "services/templates/listeners.h"
#include "services/templates/seed.h"
#include "templates/migrations.h"
#include "templates/v1/events.millrace.h"
#include "tests/support/service_test.h"

namespace millrace::templates {
namespace {

namespace v1 = ::templates::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kAda[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

// Knows Ada and nobody else.
class FakeUsers final : public ::users::v1::UsersService {
 public:
  Promise<::users::v1::User> GetUser(
      const Call&, const ::users::v1::GetUserRequest& request) override {
    if (request.id() != kAda) Throw(absl::NotFoundError("nobody"));
    ::users::v1::User ada;
    ada.set_id(kAda);
    ada.set_email("ada@example.org");
    ada.set_display_name("Ada <3");
    co_return ada;
  }
  Promise<::users::v1::User> CreateUser(
      const Call&, const ::users::v1::CreateUserRequest&) override {
    return Refuse<::users::v1::User>();
  }
  Promise<::users::v1::User> UpdateUser(
      const Call&, const ::users::v1::UpdateUserRequest&) override {
    return Refuse<::users::v1::User>();
  }
  Promise<::users::v1::DeleteUserResponse> DeleteUser(
      const Call&, const ::users::v1::DeleteUserRequest&) override {
    return Refuse<::users::v1::DeleteUserResponse>();
  }
  Promise<::users::v1::ListUsersResponse> ListUsers(
      const Call&, const ::users::v1::ListUsersRequest&) override {
    return Refuse<::users::v1::ListUsersResponse>();
  }

 private:
  template <typename T>
  static Promise<T> Refuse() {
    return Promise<T>::Reject(absl::UnimplementedError("not in this test"));
  }
};

class TemplatesRpcTest : public testing::ServiceTest {
 protected:
  TemplatesRpcTest() : ServiceTest("templates", TemplatesMigrations()) {}

  v1::Template Put(const std::string& locale, const std::string& body) {
    v1::PutTemplateRequest request;
    request.set_name("hello");
    request.set_locale(locale);
    request.set_body(body);
    return *Await(rpc_.PutTemplate(call_, request));
  }

  absl::StatusOr<v1::Template> Publish(const v1::Template& version) {
    v1::PublishTemplateRequest request;
    request.set_name(version.name());
    request.set_locale(version.locale());
    request.set_version(version.version());
    return Await(rpc_.PublishTemplate(call_, request));
  }

  absl::StatusOr<v1::RenderTemplateResponse> RenderFor(
      const std::string& locale, const std::string& user_id) {
    v1::RenderTemplateRequest request;
    request.set_name("hello");
    request.set_locale(locale);
    request.set_user_id(user_id);
    return Await(rpc_.RenderTemplate(call_, request));
  }

  std::vector<std::string> Emitted() {
    return ServiceTest::Emitted(v1::TemplateEvents::Info());
  }

  FakeUsers users_;
  TemplatesRpc rpc_{*database_, outbox_, users_, clock_};
};

TEST_F(TemplatesRpcTest, ADraftIsNotRenderedUntilItIsPublished) {
  const v1::Template draft = Put("en", "Hi {{display_name}}");
  EXPECT_EQ(draft.version(), 1);
  EXPECT_EQ(draft.state(), v1::TEMPLATE_STATE_DRAFT);
  EXPECT_EQ(RenderFor("en", kAda).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(Publish(draft).ok());
  const auto rendered = RenderFor("en", kAda);
  ASSERT_TRUE(rendered.ok()) << rendered.status();
  EXPECT_EQ(rendered->body(), "Hi Ada &lt;3");
  EXPECT_EQ(rendered->content_type(), "text/html");
}

TEST_F(TemplatesRpcTest, FallsBackAndRollsBack) {
  const v1::Template first = Put("de", "eins");
  const v1::Template second = Put("de", "zwei");
  EXPECT_EQ(second.version(), 2);
  ASSERT_TRUE(Publish(first).ok());
  ASSERT_TRUE(Publish(second).ok());
  EXPECT_EQ(RenderFor("de-AT", kAda)->body(), "zwei");
  const auto back = Publish(first);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->state(), v1::TEMPLATE_STATE_PUBLISHED);
  EXPECT_EQ(RenderFor("de", kAda)->body(), "eins");
  // Publishing what is published tells nobody anything.
  ASSERT_TRUE(Publish(first).ok());
  EXPECT_THAT(Emitted(), ElementsAre("Published", "Published", "Published"));
}

TEST_F(TemplatesRpcTest, AnUnknownUserIsNotFound) {
  ASSERT_TRUE(Publish(Put("en", "x")).ok());
  EXPECT_EQ(RenderFor("en", "017f22e2-79b0-7cc3-98c4-000000000000").status(),
            absl::NotFoundError("nobody"));
}

TEST_F(TemplatesRpcTest, WelcomesOncePerEvent) {
  bus::Inbox inbox(*database_, kWelcomeGroup);
  WelcomeListener listener(inbox, outbox_, clock_);
  ::users::v1::UserCreated payload;
  payload.set_user_id(kAda);
  payload.set_email("ada@example.org");
  payload.set_display_name("Ada");
  payload.set_locale("fr-CA");
  const EventEnvelope envelope = {.id = "e1",
                                  .type = "users.v1.UserEvents.Created",
                                  .source = "/users",
                                  .key = kAda,
                                  .trace = TraceContext::NewRoot(),
                                  .payload = payload.SerializeAsString()};
  // Without a template it is a failure that is worth a retry.
  EXPECT_EQ(Await(listener.Deliver(envelope)).code(),
            absl::StatusCode::kFailedPrecondition);
  const absl::Time now = clock_.Now();
  ASSERT_TRUE(Await(database_->Transact([now](store::Tx& tx) {
                SeedTemplates(tx, now);
              })).ok());
  EXPECT_TRUE(Await(listener.Deliver(envelope)).ok());
  EXPECT_TRUE(Await(listener.Deliver(envelope)).ok());

  v1::ListMessagesRequest request;
  request.set_user_id(kAda);
  const auto messages = Await(rpc_.ListMessages(call_, request));
  ASSERT_TRUE(messages.ok()) << messages.status();
  ASSERT_EQ(messages->messages_size(), 1);
  EXPECT_EQ(messages->messages(0).locale(), "fr");
  EXPECT_EQ(messages->messages(0).event_id(), "e1");
  EXPECT_THAT(messages->messages(0).body(), HasSubstr("Bienvenue, Ada"));
  EXPECT_THAT(Emitted(), ElementsAre("MessageRendered"));
}

TEST_F(TemplatesRpcTest, RefusesWhatDoesNotCompile) {
  v1::PutTemplateRequest request;
  request.set_name("hello");
  request.set_locale("en");
  request.set_body("Hi\n{{#a}}");
  EXPECT_EQ(MessageOf(Await(rpc_.PutTemplate(call_, request)).status()),
            "body: template:2:1: section 'a' is never closed; add {{/a}}");
  EXPECT_THAT(Emitted(), IsEmpty());
}

}  // namespace
}  // namespace millrace::templates
