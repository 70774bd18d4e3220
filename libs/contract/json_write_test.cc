#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "contract/json.h"
#include "golden/json.pb.h"
#include "golden/service.pb.h"

namespace millrace {
namespace {

using golden::Everything;
using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;
using testing::Not;

TEST(ToJson, WritesTheMapping) {
  Everything message;
  message.set_text("\u00e9\n");
  message.set_big(1);
  message.set_shade(golden::SHADE_DARK);
  message.mutable_time()->set_seconds(1);
  (*message.mutable_counts())["a"] = 1;
  EXPECT_EQ(*ToJson(message),
            "{\"text\":\"\u00e9\\n\",\"big\":\"1\",\"shade\":\"SHADE_DARK\","
            "\"counts\":{\"a\":1},\"time\":\"1970-01-01T00:00:01Z\"}");
  EXPECT_EQ(*ToJson(Everything()), "{}");
}

TEST(ToJson, WhatItWritesItReads) {
  Everything message;
  ASSERT_TRUE(FromJson(R"({"text":"<&>\"\\","raw":"AQI=","ratio":0.1,"big":"-5",
      "inners":[{"words":["x",""]}],"byNumber":{"-3":{"truth":true}},
      "time":"2026-01-02T03:04:05.123456789Z","mask":"text,byNumber",
      "data":{"a":[null,1.5,"x",{"b":false}]},"wrapped":"0","other":"o"})",
                       &message)
                  .ok());
  Everything again;
  const absl::StatusOr<std::string> json = ToJson(message);
  ASSERT_TRUE(json.ok()) << json.status();
  const absl::Status status = FromJson(*json, &again);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(MessageDifferencer::Equals(message, again));
}

TEST(ToJson, LeavesOutSensitiveFieldsAtAnyDepth) {
  golden::v1::DrawRequest request;
  request.set_x(1);
  request.set_pen_code("secret");
  EXPECT_EQ(*ToJson(request), "{\"x\":1}");

  Everything message;
  message.mutable_any()->PackFrom(request);
  const std::string json = *ToJson(message);
  EXPECT_THAT(json, HasSubstr("\"x\":1"));
  EXPECT_THAT(json, Not(HasSubstr("secret")));

  golden::Keyring keyring;
  keyring.set_name("k");
  keyring.add_keys()->set_secret("secret");
  (*keyring.mutable_by_name())["n"].set_secret("secret");
  EXPECT_EQ(*ToJson(keyring),
            "{\"name\":\"k\",\"keys\":[{}],\"byName\":{\"n\":{}}}");
}

TEST(ToJson, AnAnyOfAnUnknownTypeIsNamed) {
  Everything message;
  message.set_text("x");
  message.mutable_any()->set_type_url("type.googleapis.com/gone.v1.Gone");
  message.mutable_any()->set_value("\x0a\x01\x61");
  EXPECT_EQ(*ToJson(message),
            "{\"text\":\"x\",\"any\":{\"@type\":\"type.googleapis.com/"
            "gone.v1.Gone\"}}");
}

// Anys that hold each other, `count` of them.
Everything Nested(int count) {
  Everything innermost;
  innermost.set_text("x");
  Everything message;
  google::protobuf::Any* any = message.mutable_any();
  any->PackFrom(innermost);
  for (int i = 1; i < count; ++i) {
    google::protobuf::Any outer;
    // By turns in each other at once and in a message.
    if (i % 2 == 0) {
      outer.PackFrom(*any);
    } else {
      outer.PackFrom(message);
    }
    *any = outer;
  }
  return message;
}

TEST(ToJson, AnysAreNestedAsFarAsTheyMay) {
  EXPECT_THAT(*ToJson(Nested(kMostNestedAnys)), HasSubstr("\"text\":\"x\""));
  const absl::Status status = ToJson(Nested(kMostNestedAnys + 1)).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("deeper than 16"));
}

TEST(ToJson, WhatAnysHoldInMapsAndListsCounts) {
  Everything deep = Nested(kMostNestedAnys + 1);
  Everything in_map, in_list;
  (*in_map.mutable_by_number())[1] = deep;
  *in_list.add_inners() = deep;
  EXPECT_FALSE(ToJson(in_map).ok());
  EXPECT_FALSE(ToJson(in_list).ok());
}

TEST(ToJson, WhatHasNoJsonIsAnError) {
  Everything message;
  message.mutable_time()->set_seconds(int64_t{1} << 60);
  const absl::Status status = ToJson(message).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("golden.Everything"));
}

}  // namespace
}  // namespace millrace
