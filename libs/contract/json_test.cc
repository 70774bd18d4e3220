#include "contract/json.h"

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "contract/any_nesting.h"
#include "golden/json.pb.h"
#include "golden/service.pb.h"

namespace millrace {
namespace {

using golden::Everything;
using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;
using testing::Not;

std::string ErrorOf(std::string_view text) {
  Everything message;
  const absl::Status status = FromJson(text, &message);
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

TEST(FromJson, TakesTheMapping) {
  Everything message;
  const absl::Status status = FromJson(R"({
    "text": "\u00e9\ud83d\ude00", "raw": "AQI=", "small": -3, "big": "-9007199254740993",
    "unsigned_big": 18446744073709551615, "ratio": 1.5e3, "truth": true,
    "shade": "SHADE_DARK", "inner": {"text": "x"}, "inners": [{}, {"small": 1}],
    "words": ["a", "b"], "counts": {"a": 1, "b": "2"}, "byNumber": {"7": {"text": "y"}},
    "time": "2026-01-02T03:04:05.5Z", "pause": "1.5s", "mask": "text,byNumber",
    "data": {"any": [1, null, {"thing": true}]}, "value": [1], "list": [1, "x"],
    "wrapped": 5, "maybe": "", "nothing": null})",
                                       &message);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(message.text(), "\u00e9\U0001F600");
  EXPECT_EQ(message.raw(), "\x01\x02");
  EXPECT_EQ(message.big(), -9007199254740993);
  EXPECT_EQ(message.unsigned_big(), 18446744073709551615u);
  EXPECT_EQ(message.ratio(), 1500);
  EXPECT_EQ(message.shade(), golden::SHADE_DARK);
  EXPECT_EQ(message.inners(1).small(), 1);
  EXPECT_EQ(message.counts().at("b"), 2);
  EXPECT_EQ(message.by_number().at(7).text(), "y");
  EXPECT_EQ(message.time().nanos(), 500000000);
  EXPECT_EQ(message.pause().seconds(), 1);
  EXPECT_EQ(message.mask().paths(1), "by_number");
  EXPECT_EQ(message.data().fields().size(), 1u);
  EXPECT_EQ(message.wrapped().value(), 5);
  EXPECT_TRUE(message.has_maybe());
  EXPECT_EQ(message.maybe(), "");
}

TEST(FromJson, NullIsNotThere) {
  Everything message;
  ASSERT_TRUE(FromJson(R"({"text": null, "inner": null, "words": null,
                           "counts": null, "shade": null, "wrapped": null})",
                       &message)
                  .ok());
  EXPECT_TRUE(MessageDifferencer::Equals(message, Everything()));
}

// They would become a path for each name, with all names before it.
TEST(FromJson, PathsOfAMaskAreNotGrouped) {
  Everything message;
  for (const std::string_view mask : {"inner(text,small)", "text,(", ")"}) {
    const absl::Status status =
        FromJson(StrCat(R"({"mask":")", mask, "\"}"), &message);
    EXPECT_EQ(status.message(),
              "line 1, column 9: golden.Everything.mask must be the paths of "
              "fields with ',' between them, without '(' and ')'");
  }
  ASSERT_TRUE(FromJson(R"({"mask":"inner.text,*"})", &message).ok());
  EXPECT_EQ(message.mask().paths_size(), 2);
}

// What stands before "@type" is kept for each Any around it.
TEST(FromJson, TypeOfAnAnyStandsNotBehindTooMuch) {
  constexpr std::string_view kType = R"("@type":"type.googleapis.com/)";
  const auto list = [&](int count) {
    std::string values = "0";
    for (int i = 1; i < count; ++i) values += ",0";
    return StrCat(R"("value":[)", values, "]");
  };
  const auto any = [&](std::string_view name, std::string_view value,
                       bool type_first) {
    const std::string type = StrCat(kType, "google.protobuf.", name, "\"");
    return type_first ? StrCat("{", type, ",", value, "}")
                      : StrCat("{", value, ",", type, "}");
  };
  const auto nested = [&](int depth, int count, bool type_first) {
    std::string text = any("Value", list(count), type_first);
    for (int i = 0; i < depth; ++i) {
      text = any("Any", StrCat(R"("value":)", text), type_first);
    }
    return StrCat(R"({"any":)", text, "}");
  };
  Everything message;
  EXPECT_EQ(FromJson(nested(0, 100'000, false), &message), absl::OkStatus());
  EXPECT_EQ(FromJson(nested(90, 10'000, true), &message), absl::OkStatus());
  EXPECT_EQ(FromJson(nested(90, 1'000, false), &message), absl::OkStatus());
  const std::string_view wrong = "'@type' stands behind too much";
  EXPECT_THAT(FromJson(nested(0, 200'000, false), &message).ToString(),
              HasSubstr(wrong));
  EXPECT_THAT(FromJson(nested(90, 10'000, false), &message).ToString(),
              HasSubstr(wrong));
  EXPECT_THAT(FromJson(R"({"any":{"value":[0]}})", &message).ToString(),
              HasSubstr("column 9: an Any must have '@type'"));
  EXPECT_TRUE(FromJson(R"({"any":{}})", &message).ok());
}

// An error is no larger than a log line, however large the mistake is.
TEST(FromJson, ShowsTheFrontOfALongMistake) {
  const std::string word =
      StrCat(std::string(63, 'a'), "\u00e9", std::string(100'000, 'b'));
  const std::string shown = StrCat("'", std::string(63, 'a'), "...'");
  Everything message;
  const auto error_of = [&](const std::string& json) {
    const absl::Status status = FromJson(json, &message);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  };
  EXPECT_EQ(error_of(StrCat("{\"", word, "\":1}")),
            StrCat("line 1, column 2: golden.Everything has no field ", shown));
  EXPECT_EQ(error_of(StrCat(R"({"shade":")", word, "\"}")),
            StrCat("line 1, column 10: golden.Shade has no value ", shown));
  EXPECT_EQ(error_of(StrCat(R"({"data":{")", word, R"(":1,")", word, "\":1}}")),
            StrCat("line 1, column ", 9 + 63 + 1 + 100'000 + 6, ": the key ",
                   shown, " is there twice"));
  for (const std::string_view field : {"raw", "time", "pause", "big"}) {
    const std::string error =
        error_of(StrCat(R"({")", field, R"(":")", word, "\"}"));
    EXPECT_LT(error.size(), 500u) << field;
  }
}

TEST(FromJson, ReplacesWhatWasThere) {
  Everything message;
  message.set_small(3);
  ASSERT_TRUE(FromJson(R"({"text": "x"})", &message).ok());
  EXPECT_EQ(message.small(), 0);
}

TEST(FromJson, SaysWhatIsWrongWhere) {
  const struct {
    std::string_view text, error;
  } cases[] = {
      {"{\n  \"txet\": 1}",
       "line 2, column 3: golden.Everything has no field 'txet'; did you mean "
       "'text'?"},
      {R"({"inner": {"zzzzzz": 1}})",
       "line 1, column 12: golden.Everything has no field 'zzzzzz'"},
      {R"({"byNumber": {"1": {"wrods": 1}}})",
       "line 1, column 21: golden.Everything has no field 'wrods'; did you "
       "mean 'words'?"},
      {R"({"text": 1})",
       "line 1, column 10: golden.Everything.text must be a string, is a "
       "number"},
      {R"({"small": true})",
       "line 1, column 11: golden.Everything.small must be a number, is a "
       "boolean"},
      {R"({"small": 2147483648})",
       "line 1, column 11: golden.Everything.small is out of range for int32"},
      {R"({"unsignedBig": -1})",
       "line 1, column 17: golden.Everything.unsigned_big is out of range for "
       "uint64"},
      {R"({"truth": "true"})",
       "line 1, column 11: golden.Everything.truth must be true or false, is a "
       "string"},
      {R"({"shade": "SHADE_DRAK"})",
       "line 1, column 11: golden.Shade has no value 'SHADE_DRAK'; did you "
       "mean 'SHADE_DARK'?"},
      {R"({"inner": []})",
       "line 1, column 11: golden.Everything.inner must be an object, is an "
       "array"},
      {R"({"inners": {}})",
       "line 1, column 12: golden.Everything.inners must be an array, is an "
       "object"},
      {R"({"words": ["a", null]})",
       "line 1, column 17: each element of golden.Everything.words must be a "
       "string, is null"},
      {R"({"counts": {"a": "x", "a": 1}})",
       "line 1, column 23: the key 'a' is there twice"},
      {R"({"counts": [1]})",
       "line 1, column 12: golden.Everything.counts must be an object, is an "
       "array"},
      {R"({"byNumber": {}, "by_number": {}})",
       "line 1, column 18: the key 'by_number' is there twice"},
      {R"({"time": 5})",
       "line 1, column 10: golden.Everything.time must be a string, is a "
       "number"},
      {R"({"data": [1]})",
       "line 1, column 10: golden.Everything.data must be an object, is an "
       "array"},
      {R"({"data": {"a": 1, "a": 2}})",
       "line 1, column 19: the key 'a' is there twice"},
      {"[]",
       "line 1, column 1: golden.Everything must be an object, is an "
       "array"},
      {"null",
       "line 1, column 1: golden.Everything must be an object, is null"},
  };
  for (const auto& c : cases) EXPECT_EQ(ErrorOf(c.text), c.error) << c.text;
}

TEST(FromJson, WhatTheCheckCannotSeeIsRefusedToo) {
  for (const std::string_view text :
       {R"({"time": "yesterday"})", R"({"pause": "soon"})", R"({"small": 1.5})",
        R"({"small": "x"})", R"({"raw": "*"})", R"({"one": 1, "other": "x"})",
        R"({"counts": {"a": 1e40}})", R"({"byNumber": {"x": {}}})"}) {
    EXPECT_THAT(ErrorOf(text), HasSubstr("golden.Everything: ")) << text;
  }
}

TEST(FromJson, DepthHasABound) {
  std::string text;
  for (int i = 0; i < 101; ++i) text += "{\"inner\":";
  EXPECT_THAT(ErrorOf(text), HasSubstr("nested deeper than 100"));
}

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
