#include "contract/rules.h"

#include <gmock/gmock.h>
#include <google/protobuf/repeated_field.h>
#include <gtest/gtest.h>

#include <limits>

namespace millrace::rules {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

TEST(Path, SpellsOutItsSteps) {
  const Path root;
  EXPECT_EQ(root.ToString(), "");
  EXPECT_EQ(root.Field("user").ToString(), "user");
  EXPECT_EQ(root.Field("user").Field("emails").At(1).ToString(),
            "user.emails[1]");
  EXPECT_EQ(root.Field("labels").At("a b").Field("x").ToString(),
            "labels[\"a b\"].x");
}

TEST(Path, LongKeysAreCutBetweenCharacters) {
  const std::string key = std::string(63, 'x') + "\u00e9 and more";
  EXPECT_EQ(Path().Field("m").At(key).ToString(),
            "m[\"" + std::string(63, 'x') + "...\"]");
}

TEST(Found, NamesTheFirstAndCountsTheRest) {
  Found found;
  for (int i = 0; i < Found::kLimit + 5; ++i) {
    found.Add(Path().Field("x").At(i), "is wrong");
  }
  const auto violations = Violations(found.ToStatus());
  ASSERT_THAT(violations, SizeIs(Found::kLimit + 1));
  EXPECT_EQ(violations.back().description, "and 5 more violations");
}

TEST(Found, NothingIsOk) { EXPECT_TRUE(Found().ToStatus().ok()); }

TEST(Email, TakesWhatMailServersTake) {
  for (const std::string good :
       {"a@b.co", "ada.lovelace@example.com", "x+tag@sub.example.co.uk",
        "o'neil_1%@ex-ample.org", "1@2.3"}) {
    EXPECT_TRUE(IsEmail(good)) << good;
  }
  EXPECT_TRUE(IsEmail(std::string(64, 'a') + "@example.com"));
}

TEST(Email, RefusesTheRest) {
  for (const std::string bad : {"",
                                "a",
                                "@",
                                "a@",
                                "@b.co",
                                "a@b",
                                "a@@b.co",
                                "a@b@c.co",
                                ".a@b.co",
                                "a.@b.co",
                                "a..b@c.co",
                                "a b@c.co",
                                "a@-b.co",
                                "a@b-.co",
                                "a@b..co",
                                "a@.b.co",
                                "a@b.co.",
                                "a@b_c.co",
                                "\"a\"@b.co",
                                "a@[127.0.0.1]",
                                "\u00e9@b.co",
                                "a@b\u00e9.co",
                                "a@b.co\n",
                                "a,b@c.co"}) {
    EXPECT_FALSE(IsEmail(bad)) << bad;
  }
  EXPECT_FALSE(IsEmail(std::string(65, 'a') + "@example.com"));
  EXPECT_FALSE(IsEmail("a@" + std::string(64, 'b') + ".co"));
  const std::string label = std::string(60, 'b') + ".";
  EXPECT_FALSE(IsEmail("a@" + label + label + label + label + "co.example"));
  EXPECT_FALSE(IsEmail(std::string("a@b.co\0", 7)));
}

TEST(Characters, CountsCodePoints) {
  EXPECT_EQ(Characters(""), 0u);
  EXPECT_EQ(Characters("abc"), 3u);
  EXPECT_EQ(Characters("\u00e9\u20ac\U0001F600"), 3u);
}

TEST(Pattern, MatchesWholeStrings) {
  const Pattern pattern("[a-z]+");
  EXPECT_TRUE(pattern.Matches("abc"));
  EXPECT_FALSE(pattern.Matches("abc1"));
  EXPECT_FALSE(pattern.Matches(""));
  EXPECT_EQ(pattern.expression(), "[a-z]+");
}

TEST(Pattern, StaysLinearInAHostileText) {
  const Pattern pattern("(a*)*b");
  EXPECT_FALSE(pattern.Matches(std::string(1 << 20, 'a')));
}

TEST(Pattern, MatchesNothingWhenMalformed) {
  EXPECT_FALSE(Pattern("[a-").Matches("[a-"));
}

std::vector<std::string> Descriptions(const Found& found) {
  std::vector<std::string> descriptions;
  for (const auto& violation : Violations(found.ToStatus())) {
    descriptions.push_back(violation.description);
  }
  return descriptions;
}

TEST(Rules, SayWhatIsWantedAndWhatCame) {
  Found found;
  const Path root;
  const Path at = root.Field("x");
  EXPECT_FALSE(Required(false, at, found));
  MinLength("\u00e9", 2, at, found);
  MaxLength("\u00e9\u00e9\u00e9", 2, at, found);
  MinBytes("\u00e9", 3, at, found);
  MaxBytes("\u00e9", 1, at, found);
  Email("x", at, found);
  Uuid("x", at, found);
  Matches("x", Pattern("y"), at, found);
  OneOf("x", {"y", "z"}, at, found);
  OneOf(int64_t{3}, {1, 2}, at, found);
  AtLeast(1, 2, at, found);
  AtMost(2.5, 2, at, found);
  MinItems(0, 1, at, found);
  MaxItems(3, 2, at, found);
  EXPECT_THAT(
      Descriptions(found),
      ElementsAre("must be set", "must have at least 2 characters, has 1",
                  "must have at most 2 characters, has 3",
                  "must have at least 3 bytes, has 2",
                  "must have at most 1 bytes, has 2",
                  "must be an e-mail address", "must be a UUID", "must match y",
                  "must be one of y, z", "must be one of 1, 2",
                  "must be at least 2, is 1", "must be at most 2, is 2.5",
                  "must have at least 1 elements, has 0",
                  "must have at most 2 elements, has 3"));
}

TEST(Rules, BoundsThemselvesAreGood) {
  Found found;
  const Path at;
  EXPECT_TRUE(Required(true, at, found));
  MinLength("\u00e9\u00e9", 2, at, found);
  MaxLength("\u00e9\u00e9", 2, at, found);
  MinBytes("ab", 2, at, found);
  MaxBytes("ab", 2, at, found);
  Uuid("018f3c5e-7b1a-7c3d-9a52-0f1e2d3c4b5a", at, found);
  OneOf("y", {"x", "y"}, at, found);
  AtLeast(2, 2, at, found);
  AtMost(2, 2, at, found);
  MinItems(2, 2, at, found);
  MaxItems(2, 2, at, found);
  EXPECT_TRUE(found.ToStatus().ok()) << found.ToStatus();
}

TEST(Rules, NoBoundHoldsForNotANumber) {
  Found found;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  AtLeast(nan, 0, Path(), found);
  AtMost(nan, 1, Path(), found);
  EXPECT_THAT(Descriptions(found), SizeIs(2));
}

TEST(Rules, UniqueNamesEachRepeat) {
  google::protobuf::RepeatedPtrField<std::string> texts;
  for (const char* text : {"a", "b", "a", "a"}) *texts.Add() = text;
  Found found;
  Unique(texts, Path().Field("t"), found);
  EXPECT_THAT(
      Violations(found.ToStatus()),
      ElementsAre(
          FieldViolation{"t[2]", "must not repeat an earlier element"},
          FieldViolation{"t[3]", "must not repeat an earlier element"}));
}

}  // namespace
}  // namespace millrace::rules
