#include "contract/json.h"

#include <gmock/gmock.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "base/strings.h"
#include "golden/json.pb.h"

namespace millrace {
namespace {

using golden::Everything;
using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;
using testing::StartsWith;

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

// What stands before "@type" is read again for each Any around it.
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
  EXPECT_EQ(FromJson(nested(0, 1'000'000, false), &message), absl::OkStatus());
  EXPECT_EQ(FromJson(nested(90, 10'000, false), &message), absl::OkStatus());
  EXPECT_THAT(FromJson(nested(90, 100'000, false), &message).ToString(),
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
      {R"({"counts": {"a": 5, "a": 1}})",
       "line 1, column 21: the key 'a' is there twice"},
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

TEST(FromJson, SaysWhatAValueMustBe) {
  const struct {
    std::string_view text, error;
  } cases[] = {
      {R"({"time": "yesterday"})",
       "golden.Everything.time must be a time of RFC 3339 within the years 1 "
       "to 9999, as in '2026-01-02T03:04:05Z'"},
      {R"({"pause": "soon"})",
       "golden.Everything.pause must be seconds with an 's' behind, of at most "
       "10,000 years, as in '1.5s'"},
      {R"({"small": 1.5})", "golden.Everything.small must be a whole number"},
      {R"({"small": "x"})", "golden.Everything.small must be a number"},
      {R"({"small": "1.5"})", "golden.Everything.small must be a whole number"},
      {R"({"ratio": 1e400})",
       "golden.Everything.ratio is out of range for double"},
      {R"({"value": 1e400})", "the number is out of range for double"},
      {R"({"raw": "*"})", "golden.Everything.raw must be bytes in base64"},
      {R"({"one": 1, "other": "x"})",
       "only one of golden.Everything.choice can be set, and one is"},
      {R"({"counts": {"a": 1e40}})",
       "each element of golden.Everything.counts is out of range for int32"},
      {R"({"byNumber": {"x": {}}})",
       "the key 'x' of golden.Everything.by_number must be int64"},
      {R"({"mask": "a,,b"})",
       "golden.Everything.mask must be the paths of fields with ',' between "
       "them, without '(' and ')'"},
      {R"({"any": {"@type": "Gone"}})",
       "'@type' names no message type that is known here: 'Gone'"},
      {R"({"any": {"@type": "x/google.protobuf.Duration", "seconds": 1}})",
       "an Any of google.protobuf.Duration has '@type' and 'value', and no "
       "'seconds'"},
      {R"({"any": {"@type": "x/golden.Key", "@type": "x/golden.Key"}})",
       "the key '@type' is there twice"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(ErrorOf(c.text), HasSubstr(StrCat(": ", c.error))) << c.text;
    EXPECT_THAT(ErrorOf(c.text), StartsWith("line 1, column ")) << c.text;
  }
}

TEST(FromJson, WholeNumbersAreWholeHoweverTheyAreWritten) {
  const struct {
    std::string_view text;
    int64_t big;
  } cases[] = {{"1e2", 100},
               {"-5.0", -5},
               {"\"12\"", 12},
               {"\"1e1\"", 10},
               {"-0", 0},
               {"9223372036854775807", INT64_MAX},
               {"-9223372036854775808", INT64_MIN},
               {"-9.223372036854775808e18", INT64_MIN}};
  for (const auto& c : cases) {
    Everything message;
    const std::string text = StrCat(R"({"big": )", c.text, "}");
    EXPECT_EQ(FromJson(text, &message), absl::OkStatus());
    EXPECT_EQ(message.big(), c.big) << c.text;
  }
  for (const std::string_view text :
       {"9223372036854775808", "9.223372036854775808e18", "\"\"", "\" 1\"",
        "\"0x1\"", "\"+1\"", "\"01\"", "\"NaN\""}) {
    Everything message;
    EXPECT_FALSE(FromJson(StrCat(R"({"big": )", text, "}"), &message).ok())
        << text;
  }
}

TEST(FromJson, TimesAndDurations) {
  const auto read = [](std::string_view name, std::string_view text) {
    Everything message;
    const absl::Status status =
        FromJson(StrCat("{\"", name, "\":\"", text, "\"}"), &message);
    return status.ok() ? *ToJson(message) : "refused";
  };
  EXPECT_EQ(read("time", "2026-01-02T03:04:05+01:30"),
            R"({"time":"2026-01-02T01:34:05Z"})");
  EXPECT_EQ(read("time", "0001-01-01T00:00:00Z"),
            R"({"time":"0001-01-01T00:00:00Z"})");
  EXPECT_EQ(read("time", "9999-12-31T23:59:59.999999999Z"),
            R"({"time":"9999-12-31T23:59:59.999999999Z"})");
  EXPECT_EQ(read("time", "1969-12-31T23:59:59.5Z"),
            R"({"time":"1969-12-31T23:59:59.500Z"})");
  for (const char* wrong :
       {"0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
        "2026-02-30T00:00:00Z", "2026-01-02t03:04:05Z", "2026-01-02T03:04:05z",
        " 2026-01-02T03:04:05Z", "2026-01-02T03:04:05", "2026-01-02",
        "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05.1234567890Z",
        "2026-01-02T03:04:05+0100", "10000-01-01T00:00:00Z",
        "2026-01-02T24:00:00Z", "infinite-future"}) {
    EXPECT_EQ(read("time", wrong), "refused") << wrong;
  }
  EXPECT_EQ(read("pause", "-0.5s"), R"({"pause":"-0.500s"})");
  EXPECT_EQ(read("pause", "1.000001s"), R"({"pause":"1.000001s"})");
  EXPECT_EQ(read("pause", "315576000000s"), R"({"pause":"315576000000s"})");
  for (const char* wrong : {"", "s", "1", "1.s", ".5s", "+1s", "1.5", "--1s",
                            "1.0000000000s", "315576000000.1s", "1 s"}) {
    EXPECT_EQ(read("pause", wrong), "refused") << wrong;
  }
}

TEST(FromJson, DepthOfMessagesHasABound) {
  // 3 messages for each object of a Struct, 2 for each list of a ListValue.
  const auto nested = [](int depth, std::string_view open,
                         std::string_view close) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    text += "1";
    for (int i = 0; i < depth; ++i) text += close;
    return StrCat(R"({"value":)", text, "}");
  };
  Everything message;
  EXPECT_TRUE(FromJson(nested(33, R"({"a":)", "}"), &message).ok());
  Everything copy;
  EXPECT_TRUE(copy.ParseFromString(message.SerializeAsString()));
  EXPECT_THAT(
      std::string(FromJson(nested(34, R"({"a":)", "}"), &message).message()),
      HasSubstr("messages are nested deeper than 100"));
  EXPECT_TRUE(FromJson(nested(49, "[", "]"), &message).ok());
  EXPECT_TRUE(copy.ParseFromString(message.SerializeAsString()));
  EXPECT_FALSE(FromJson(nested(50, "[", "]"), &message).ok());
}

TEST(FromJson, DepthHasABound) {
  std::string text;
  for (int i = 0; i < 101; ++i) text += "{\"inner\":";
  EXPECT_THAT(ErrorOf(text), HasSubstr("nested deeper than 100"));
}

}  // namespace
}  // namespace millrace
