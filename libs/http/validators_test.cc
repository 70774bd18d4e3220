#include "http/validators.h"

#include <gtest/gtest.h>

#include "http/serializer.h"

namespace millrace::http {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);  // in 2023
const absl::Time kExample = absl::FromUnixSeconds(784'111'777);

TEST(ValidatorsTest, ReadsTheThreeFormsOfDates) {
  // The examples of RFC 9110, 5.6.7.
  for (const std::string_view text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(ParseHttpDate(text, kNow), kExample) << text;
  }
  EXPECT_EQ(ParseHttpDate(HttpDate(kNow), kNow), kNow);
  for (const std::string_view text :
       {"", "yesterday", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 36 Nov 1994 08:49:37 GMT"}) {
    EXPECT_EQ(ParseHttpDate(text, kNow), std::nullopt) << text;
  }
}

TEST(ValidatorsTest, AYearOfTwoDigitsIsAtMostFiftyYearsAway) {
  const auto year = [](std::string_view text) {
    return absl::ToCivilYear(*ParseHttpDate(text, kNow), absl::UTCTimeZone())
        .year();
  };
  EXPECT_EQ(year("Sunday, 06-Nov-23 08:49:37 GMT"), 2023);
  EXPECT_EQ(year("Sunday, 06-Nov-73 08:49:37 GMT"), 2073);
  EXPECT_EQ(year("Sunday, 06-Nov-74 08:49:37 GMT"), 1974);
  EXPECT_EQ(year("Sunday, 06-Nov-99 08:49:37 GMT"), 1999);
}

// The table of RFC 9110, 8.8.3.2.
TEST(ValidatorsTest, ComparesTagsStronglyAndWeakly) {
  EXPECT_FALSE(ListHasTag("W/\"1\"", "W/\"1\"", true));
  EXPECT_TRUE(ListHasTag("W/\"1\"", "W/\"1\"", false));
  EXPECT_FALSE(ListHasTag("W/\"1\"", "W/\"2\"", false));
  EXPECT_FALSE(ListHasTag("W/\"1\"", "\"1\"", true));
  EXPECT_TRUE(ListHasTag("W/\"1\"", "\"1\"", false));
  EXPECT_TRUE(ListHasTag("\"1\"", "\"1\"", true));
}

TEST(ValidatorsTest, ReadsListsOfTags) {
  EXPECT_TRUE(ListHasTag("\"a\", W/\"b,c\" ,,\"d\"", "\"d\"", true));
  EXPECT_TRUE(ListHasTag("\"a\", W/\"b,c\"", "\"b,c\"", false));
  EXPECT_TRUE(ListHasTag(" * ", "\"d\"", true));
  EXPECT_TRUE(ListHasTag("\"\"", "\"\"", true));
  for (const std::string_view list :
       {"", "d", "\"d", "\"d\" x", "w/\"d\"", "\"a\" \"d\"", "\"d\", *"}) {
    EXPECT_FALSE(ListHasTag(list, "\"d\"", false)) << list;
  }
}

Verdict Check(Headers headers) {
  return CheckConditions(headers, {"\"x\"", kExample, true}, kNow);
}

constexpr std::string_view kSame = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view kEarlier = "Sun, 06 Nov 1994 08:49:36 GMT";

TEST(ValidatorsTest, ChecksConditionsInTheirOrder) {
  EXPECT_EQ(Check({}), Verdict::kProceed);
  EXPECT_EQ(Check({{"If-Match", "\"y\", \"x\""}}), Verdict::kProceed);
  EXPECT_EQ(Check({{"If-Match", "\"y\""}, {"If-Match", "\"x\""}}),
            Verdict::kProceed);
  EXPECT_EQ(Check({{"If-Match", "\"y\""}}), Verdict::kFailed);
  EXPECT_EQ(Check({{"If-Match", "W/\"x\""}}), Verdict::kFailed);
  EXPECT_EQ(Check({{"If-Unmodified-Since", kSame}}), Verdict::kProceed);
  EXPECT_EQ(Check({{"If-Unmodified-Since", kEarlier}}), Verdict::kFailed);
  EXPECT_EQ(Check({{"If-Unmodified-Since", "x"}}), Verdict::kProceed);
  // If-Match makes it void.
  EXPECT_EQ(Check({{"If-Match", "*"}, {"If-Unmodified-Since", kEarlier}}),
            Verdict::kProceed);
  EXPECT_EQ(Check({{"If-None-Match", "W/\"x\""}}), Verdict::kNotModified);
  EXPECT_EQ(Check({{"If-None-Match", "*"}}), Verdict::kNotModified);
  EXPECT_EQ(Check({{"If-None-Match", "\"y\""}}), Verdict::kProceed);
  EXPECT_EQ(Check({{"If-Modified-Since", kSame}}), Verdict::kNotModified);
  EXPECT_EQ(Check({{"If-Modified-Since", kEarlier}}), Verdict::kProceed);
  EXPECT_EQ(Check({{"If-None-Match", "\"y\""}, {"If-Modified-Since", kSame}}),
            Verdict::kProceed);
  EXPECT_EQ(Check({{"If-Match", "\"y\""}, {"If-None-Match", "\"x\""}}),
            Verdict::kFailed);
}

bool Holds(std::string_view value, Validators validators) {
  return RangeHolds({{"If-Range", value}}, validators, kNow);
}

TEST(ValidatorsTest, IfRangeComparesStrongly) {
  const Validators strong = {"\"x\"", kExample + absl::Milliseconds(3), true};
  EXPECT_TRUE(RangeHolds({}, strong, kNow));
  EXPECT_TRUE(Holds("\"x\"", strong));
  EXPECT_FALSE(Holds("\"y\"", strong));
  EXPECT_FALSE(Holds("W/\"x\"", strong));
  EXPECT_FALSE(Holds("\"y\", \"x\"", strong));
  EXPECT_FALSE(Holds("*", strong));
  EXPECT_TRUE(Holds(kSame, strong));
  EXPECT_FALSE(Holds(kEarlier, strong));
  // Later is not the same either.
  EXPECT_FALSE(Holds("Sun, 06 Nov 1994 08:49:38 GMT", strong));
  const Validators weak = {"W/\"x\"", kExample, false};
  EXPECT_FALSE(Holds("W/\"x\"", weak));
  EXPECT_FALSE(Holds("\"x\"", weak));
  EXPECT_FALSE(Holds(kSame, weak));
}

}  // namespace
}  // namespace millrace::http
