// The messages to people, on each database.
#include "services/templates/listeners.h"

#include "services/templates/seed.h"
#include "services/templates/store.h"
#include "services/templates/templates_suite.h"

namespace millrace::templates {
namespace {

namespace v1 = ::templates::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::users::v1::UserEvents;

template <typename Payload>
Payload AboutAda(const std::string& locale) {
  Payload payload;
  payload.set_user_id(kAda);
  payload.set_email("ada@example.org");
  payload.set_display_name("Ada & Co");
  payload.set_locale(locale);
  return payload;
}

class Delivery {
 public:
  Delivery(store::Database& database, bus::Outbox& outbox, const Clock& clock)
      : inbox_(database, kMessagesGroup),
        listener_(inbox_, outbox, programs_, clock) {}

  template <typename E>
  Promise<void> Deliver(const std::string& id,
                        const typename E::Payload& payload) {
    const EventInfo& event = E::Contract::Info().events[E::kIndex];
    const EventEnvelope envelope = {.id = id,
                                    .type = std::string(event.type),
                                    .source = "/users",
                                    .key = E::Key(payload),
                                    .trace = TraceContext::NewRoot(),
                                    .payload = payload.SerializeAsString()};
    co_await listener_.Deliver(envelope);
  }

 private:
  bus::Inbox inbox_;
  ProgramCache programs_;
  MessageListener listener_;
};

class Messages {
 public:
  static std::vector<RenderedText> Of(store::Tx& tx) {
    return ListMessages(tx, kAda, "", 100);
  }
};

TEST_P(TemplatesSuite, WelcomesOncePerEvent) {
  Delivery users(*database_, outbox_, clock_);
  const auto created = AboutAda<::users::v1::UserCreated>("fr-CA");
  // Without a template it is a failure that is worth a retry.
  EXPECT_EQ(Await(users.Deliver<UserEvents::Created>("e1", created)).code(),
            absl::StatusCode::kFailedPrecondition);
  const absl::Time now = clock_.Now();
  ASSERT_EQ(Await(database_->Transact(
                [now](store::Tx& tx) { SeedTemplates(tx, now); })),
            absl::OkStatus());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Await(users.Deliver<UserEvents::Created>("e1", created)),
              absl::OkStatus());
  }
  v1::ListMessagesRequest request;
  request.set_user_id(kAda);
  const auto messages = Await(rpc_.ListMessages(call_, request));
  ASSERT_TRUE(messages.ok()) << messages.status();
  ASSERT_EQ(messages->messages_size(), 1);
  EXPECT_EQ(messages->messages(0).locale(), "fr");
  EXPECT_EQ(messages->messages(0).event_id(), "e1");
  EXPECT_THAT(messages->messages(0).body(), HasSubstr("Bienvenue, Ada &amp;"));
  EXPECT_THAT(Emitted(), ElementsAre("MessageRendered"));
}

TEST_P(TemplatesSuite, TellsOfSuspensionReinstatementAndANewPassword) {
  Delivery users(*database_, outbox_, clock_);
  const absl::Time now = clock_.Now();
  ASSERT_EQ(Await(database_->Transact(
                [now](store::Tx& tx) { SeedTemplates(tx, now); })),
            absl::OkStatus());
  auto suspended = AboutAda<::users::v1::UserSuspended>("de-AT");
  suspended.set_reason("<Spam>");
  EXPECT_EQ(Await(users.Deliver<UserEvents::Suspended>("e1", suspended)),
            absl::OkStatus());
  const auto reinstated = AboutAda<::users::v1::UserReinstated>("xx");
  EXPECT_EQ(Await(users.Deliver<UserEvents::Reinstated>("e2", reinstated)),
            absl::OkStatus());
  const auto changed = AboutAda<::users::v1::UserPasswordChanged>("es");
  EXPECT_EQ(Await(users.Deliver<UserEvents::PasswordChanged>("e3", changed)),
            absl::OkStatus());
  const auto texts = *Await(database_->Read(&Messages::Of));
  ASSERT_THAT(texts, SizeIs(3));
  EXPECT_EQ(texts[0].name, "password_changed");
  EXPECT_EQ(texts[0].locale, "es");
  EXPECT_EQ(texts[1].name, "reinstated");
  EXPECT_EQ(texts[1].locale, "en");
  EXPECT_EQ(texts[2].name, "suspended");
  EXPECT_EQ(texts[2].locale, "de");
  EXPECT_THAT(texts[2].body, HasSubstr("Der Grund: &lt;Spam&gt;"));
}

TEST_P(TemplatesSuite, KeepsNoMessageOfWhoIsPurged) {
  Delivery users(*database_, outbox_, clock_);
  const absl::Time now = clock_.Now();
  ASSERT_EQ(Await(database_->Transact(
                [now](store::Tx& tx) { SeedTemplates(tx, now); })),
            absl::OkStatus());
  EXPECT_EQ(Await(users.Deliver<UserEvents::Created>(
                "e1", AboutAda<::users::v1::UserCreated>("en"))),
            absl::OkStatus());
  ::users::v1::UserPurged purged;
  purged.set_user_id(kAda);
  EXPECT_EQ(Await(users.Deliver<UserEvents::Purged>("e2", purged)),
            absl::OkStatus());
  EXPECT_THAT(*Await(database_->Read(&Messages::Of)), IsEmpty());

  // Nor later, from an event that is delivered again or replayed.
  EXPECT_EQ(Await(users.Deliver<UserEvents::Created>(
                "e1", AboutAda<::users::v1::UserCreated>("en"))),
            absl::OkStatus());
  EXPECT_EQ(Await(users.Deliver<UserEvents::PasswordChanged>(
                "e3", AboutAda<::users::v1::UserPasswordChanged>("en"))),
            absl::OkStatus());
  EXPECT_EQ(Await(users.Deliver<UserEvents::Purged>("e4", purged)),
            absl::OkStatus());
  EXPECT_THAT(*Await(database_->Read(&Messages::Of)), IsEmpty());
  EXPECT_THAT(Emitted(), ElementsAre("MessageRendered"));
}

TEST_P(TemplatesSuite, SeedsWhatNobodyHasMadeYet) {
  const v1::Template mine = Put("en", "mine", kWelcome);
  ASSERT_TRUE(Publish(mine).ok());
  const auto seed = [this] {
    const absl::Time now = clock_.Now();
    EXPECT_EQ(Await(database_->Transact(
                  [now](store::Tx& tx) { SeedTemplates(tx, now); })),
              absl::OkStatus());
  };
  seed();
  ASSERT_TRUE(Archive("ja", kWelcome).ok());
  ASSERT_TRUE(Erase("ja", kWelcome).ok());
  seed();
  const auto body = [this](const std::string& locale) {
    return Await(rpc_.GetTemplate(
                     call_, For<v1::GetTemplateRequest>(kWelcome, locale)))
        .value_or(v1::Template())
        .body();
  };
  EXPECT_EQ(body("en"), "mine");
  EXPECT_THAT(body("de"), HasSubstr("Willkommen"));
  EXPECT_EQ(body("ja"), "");
}

}  // namespace
}  // namespace millrace::templates
