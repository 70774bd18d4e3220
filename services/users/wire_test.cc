#include "services/users/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"

namespace millrace::users {
namespace {

using ::testing::ElementsAre;
using ::users::v1::UpdateUserRequest;

const absl::Time kNow = absl::FromUnixMicros(1'700'000'000'123'456);

TEST(Wire, AUserCarriesEverything) {
  const Person person = NewPerson("u1", "a@b.org", "Ada", "de-AT", kNow);
  const ::users::v1::User user = ToUser(person);
  EXPECT_EQ(user.id(), "u1");
  EXPECT_EQ(user.email(), "a@b.org");
  EXPECT_EQ(user.display_name(), "Ada");
  EXPECT_EQ(user.locale(), "de-AT");
  EXPECT_EQ(user.etag(), "1");
  EXPECT_EQ(user.create_time().seconds(), 1'700'000'000);
  EXPECT_EQ(user.create_time().nanos(), 123'456'000);
}

TEST(Wire, AnUpdateEventNamesWhatChanged) {
  const Person person = NewPerson("u1", "a@b.org", "Ada", "en", kNow);
  const auto event = ToUpdated(person, {"email", "locale"});
  EXPECT_THAT(event.changed().paths(), ElementsAre("email", "locale"));
  EXPECT_EQ(event.display_name(), "Ada");
}

TEST(Wire, WithoutAMaskWhatIsSetIsChanged) {
  UpdateUserRequest request;
  request.set_locale("fr");
  const auto change = ToChange(request);
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(change->locale, "fr");
  EXPECT_FALSE(change->email);
  EXPECT_FALSE(change->display_name);
}

TEST(Wire, AMaskLeavesOutWhatItDoesNotName) {
  UpdateUserRequest request;
  request.set_locale("fr");
  request.set_display_name("Ada King");
  request.mutable_update_mask()->add_paths("display_name");
  const auto change = ToChange(request);
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(change->display_name, "Ada King");
  EXPECT_FALSE(change->locale);
}

TEST(Wire, AMaskMustNameWhatCanBeChangedAndIsSet) {
  UpdateUserRequest request;
  request.mutable_update_mask()->add_paths("emial");
  request.mutable_update_mask()->add_paths("locale");
  const absl::Status status = ToChange(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageOf(status),
            "update_mask: 'emial' cannot be changed; did you mean 'email'?; "
            "locale: is in update_mask and must be set, for it has no default");
}

}  // namespace
}  // namespace millrace::users
