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
  const Person person = NewPerson("u1", "a@b.org", "Ada", "en", kNow);
  UpdateUserRequest request;
  request.mutable_user()->set_locale("fr");
  const auto change = ToChange(request, person);
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_EQ(change->locale, "fr");
  EXPECT_EQ(change->email, "a@b.org");
  EXPECT_EQ(change->display_name, "Ada");
}

TEST(Wire, AMaskLeavesOutWhatItDoesNotName) {
  const Person person = NewPerson("u1", "a@b.org", "Ada", "en", kNow);
  UpdateUserRequest request;
  request.mutable_user()->set_locale("fr");
  request.mutable_user()->set_display_name("Ada King");
  request.mutable_update_mask()->add_paths("display_name");
  const auto change = ToChange(request, person);
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_EQ(change->display_name, "Ada King");
  EXPECT_EQ(change->locale, "en");
}

TEST(Wire, AMaskNamesWhatCanBeChanged) {
  const Person person = NewPerson("u1", "a@b.org", "Ada", "en", kNow);
  UpdateUserRequest request;
  request.mutable_user()->set_locale("fr");
  request.mutable_update_mask()->add_paths("emial");
  request.mutable_update_mask()->add_paths("locale");
  request.mutable_update_mask()->add_paths("etag");
  const absl::Status status = ToChange(request, person).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageOf(status),
            "update_mask: 'emial' is no field of UserPatch; did you mean "
            "'email'?; update_mask: 'etag' is no field of UserPatch");
}

TEST(Wire, APersonStaysOne) {
  const Person person = NewPerson("u1", "a@b.org", "Ada", "en", kNow);
  UpdateUserRequest request;
  request.mutable_user()->set_email("b@b.org");
  request.mutable_update_mask()->add_paths("*");
  const absl::Status status = ToChange(request, person).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageOf(status),
            "user.display_name: must be set; user.locale: must be set");
}

TEST(Wire, WhatIsWrongWithALargeRowIsSmall) {
  const std::string large(1 << 20, 'x');
  ::users::v1::ImportUsersRequest row;
  row.set_email(large);
  row.set_display_name(large);
  row.set_locale(large);
  const absl::Status status = ToPerson(row, kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_LT(status.ToString().size(), 2000u);
  EXPECT_LT(ToFailure(0, status).ByteSizeLong(), 2000u);
}

}  // namespace
}  // namespace millrace::users
