#include "services/admin/personal.h"

#include <gmock/gmock.h>
#include <google/protobuf/unknown_field_set.h>
#include <gtest/gtest.h>

#include "admin/v1/events.millrace.h"
#include "millrace/v1/privacy.pb.h"
#include "templates/v1/events.millrace.h"
#include "users/v1/events.millrace.h"

namespace millrace::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

::users::v1::UserUpdated Updated() {
  ::users::v1::UserUpdated event;
  event.set_user_id("u1");
  event.set_email("ada@example.org");
  event.set_display_name("Ada");
  event.mutable_changed()->add_paths("email");
  event.mutable_update_time()->set_seconds(7);
  return event;
}

TEST(Personal, IsTakenApartAndPutTogetherAgain) {
  const ::users::v1::UserUpdated event = Updated();
  const auto parts =
      TakeApart("users.v1.UserUpdated", event.SerializeAsString(), "key");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->data_subject, "u1");
  EXPECT_THAT(parts->fields, ElementsAre("email", "display_name"));
  EXPECT_THAT(parts->open, Not(HasSubstr("ada@example.org")));
  ::users::v1::UserUpdated open, whole;
  ASSERT_TRUE(open.ParseFromString(parts->open));
  EXPECT_EQ(open.user_id(), "u1");
  EXPECT_EQ(open.update_time().seconds(), 7);
  EXPECT_THAT(open.changed().paths(), ElementsAre("email"));
  ASSERT_TRUE(whole.ParseFromString(parts->open + parts->personal));
  EXPECT_EQ(whole.SerializeAsString(), event.SerializeAsString());
}

TEST(Personal, WhatTellsOfNobodyStaysAsItIs) {
  ::users::v1::UserDeleted deleted;
  deleted.set_user_id("u1");
  EXPECT_FALSE(
      TakeApart("users.v1.UserDeleted", deleted.SerializeAsString(), "u1"));
  EXPECT_FALSE(TakeApart("users.v1.UserUpdated", "", "u1"));
  ::users::v1::UserUpdated nothing_set;
  nothing_set.set_user_id("u1");
  EXPECT_FALSE(
      TakeApart("users.v1.UserUpdated", nothing_set.SerializeAsString(), "u1"));
}

TEST(Personal, WhatNobodyHereKnowsIsTakenToBePersonal) {
  const auto unknown_type = TakeApart("", "ada@example.org", "u1");
  ASSERT_TRUE(unknown_type);
  EXPECT_EQ(unknown_type->data_subject, "u1");
  EXPECT_EQ(unknown_type->personal, "ada@example.org");
  EXPECT_EQ(unknown_type->open, "");

  ::users::v1::UserDeleted deleted;  // of a newer contract
  deleted.set_user_id("u1");
  deleted.GetReflection()->MutableUnknownFields(&deleted)->AddLengthDelimited(
      99, "ada@example.org");
  const auto unknown_field =
      TakeApart("users.v1.UserDeleted", deleted.SerializeAsString(), "u1");
  ASSERT_TRUE(unknown_field);
  EXPECT_THAT(unknown_field->open, Not(HasSubstr("ada@example.org")));
  EXPECT_THAT(unknown_field->personal, HasSubstr("ada@example.org"));
  EXPECT_THAT(unknown_field->fields, IsEmpty());
}

// Of every event of the platform, and of the fields that there are to come.
TEST(Personal, EveryContractSaysWhomItsPersonalFieldsTellOf) {
  int personal = 0;
  for (const ContractInfo* contract : {&::admin::v1::AdminEvents::Info(),
                                       &::templates::v1::TemplateEvents::Info(),
                                       &::users::v1::UserEvents::Info()}) {
    for (const EventInfo& event : contract->events) {
      const auto& type = *event.payload().GetDescriptor();
      if (!MayTellOfPeople(type)) continue;
      ++personal;
      const std::string subject =
          type.options().GetExtension(::millrace::v1::data_subject);
      const auto* field = type.FindFieldByName(subject);
      ASSERT_NE(field, nullptr) << type.full_name() << ": '" << subject << "'";
      EXPECT_EQ(field->type(), google::protobuf::FieldDescriptor::TYPE_STRING);
      EXPECT_FALSE(field->options().GetExtension(::millrace::v1::personal));
    }
  }
  EXPECT_EQ(personal, 7);
}

// Names by which contracts call what tells of people.
TEST(Personal, NoEventHasSuchAFieldThatIsNotMarked) {
  for (const EventInfo& event : ::users::v1::UserEvents::Info().events) {
    const auto& type = *event.payload().GetDescriptor();
    for (const char* name : {"email", "display_name", "locale", "reason"}) {
      const auto* field = type.FindFieldByName(name);
      // An enum, as why a session was revoked, has nothing that people write.
      if (field != nullptr && field->enum_type() == nullptr) {
        EXPECT_TRUE(field->options().GetExtension(::millrace::v1::personal))
            << field->full_name();
      }
    }
  }
}

}  // namespace
}  // namespace millrace::admin
