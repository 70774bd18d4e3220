#include "contract/redact.h"

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <gtest/gtest.h>

#include "contract/json.h"
#include "golden/json.pb.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::Not;

golden::Keyring Secrets() {
  golden::Keyring ring;
  ring.set_name("house");
  ring.add_keys()->set_secret("4711");
  ring.add_keys();
  (*ring.mutable_by_name())["door"].set_secret("0815");
  return ring;
}

TEST(RedactTest, TakesSecretsOutAtAnyDepth) {
  golden::Keyring ring = Secrets();
  Redact(&ring);
  EXPECT_EQ(ring.name(), "house");
  EXPECT_EQ(ring.keys(0).secret(), "[redacted]");
  EXPECT_EQ(ring.keys(1).secret(), "") << "what is not set stays so";
  EXPECT_EQ(ring.by_name().at("door").secret(), "[redacted]");
}

TEST(RedactTest, LooksIntoAnAny) {
  google::protobuf::Any any;
  any.PackFrom(Secrets());
  Redact(&any);
  golden::Keyring ring;
  ASSERT_TRUE(any.UnpackTo(&ring));
  EXPECT_EQ(ring.by_name().at("door").secret(), "[redacted]");
}

TEST(RedactTest, ShowsNothingThatNoContractNames) {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/unknown.v1.Thing");
  any.set_value("secret");
  Redact(&any);
  EXPECT_EQ(any.value(), "");

  any.PackFrom(Secrets());
  any.set_value("\xff not a message");
  Redact(&any);
  EXPECT_EQ(any.value(), "");

  golden::Keyring ring;
  ring.GetReflection()->MutableUnknownFields(&ring)->AddLengthDelimited(
      9, "of a newer contract");
  Redact(&ring);
  EXPECT_EQ(ring.ByteSizeLong(), 0);
}

TEST(RedactTest, LooksIntoNoMoreAnysThanMayBeNested) {
  const auto nested = [](int count) {
    google::protobuf::Any any;
    any.PackFrom(Secrets());
    for (int i = 1; i < count; ++i) {
      google::protobuf::Any outer;
      outer.PackFrom(any);
      any = outer;
    }
    return DebugText(any);
  };
  EXPECT_THAT(nested(kMostNestedAnys), HasSubstr("house"));
  EXPECT_THAT(nested(kMostNestedAnys), Not(HasSubstr("4711")));
  EXPECT_THAT(nested(kMostNestedAnys + 1), Not(HasSubstr("house")));
  EXPECT_THAT(nested(kMostNestedAnys + 1), Not(HasSubstr("4711")));
}

TEST(RedactTest, DebugTextIsOneRedactedLine) {
  EXPECT_EQ(
      DebugText(Secrets()),
      R"(golden.Keyring{name: "house" keys { secret: "[redacted]" } )"
      R"(keys { } by_name { key: "door" value { secret: "[redacted]" } }})");
  EXPECT_EQ(DebugText(golden::Keyring()), "golden.Keyring{}");

  google::protobuf::Any any;
  any.PackFrom(Secrets());
  EXPECT_THAT(DebugText(any), HasSubstr("house"));
  EXPECT_THAT(DebugText(any), Not(HasSubstr("4711")));
}

TEST(RedactTest, TheMessageItselfStays) {
  const golden::Keyring ring = Secrets();
  EXPECT_THAT(DebugText(ring), Not(HasSubstr("4711")));
  EXPECT_EQ(ring.keys(0).secret(), "4711");
}

}  // namespace
}  // namespace millrace
