#include "bus/tail_position.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "absl/strings/escaping.h"

namespace millrace::bus {
namespace {

constexpr int64_t kBegin = 10;
constexpr int64_t kEnd = 20;

std::vector<GroupOffset> Kept(std::initializer_list<TopicPartition> all) {
  std::vector<GroupOffset> kept;
  for (const TopicPartition& one : all) {
    kept.push_back({one, -1, kBegin, kEnd});
  }
  return kept;
}

TEST(TailPositionTest, IsTheSameAfterItsText) {
  TailPosition position;
  position.Set({"a.v1", 0}, 0);
  position.Set({"a.v1", 1}, 7);
  position.Set({"b.v1", 0}, int64_t{1} << 60);
  const auto read = TailPosition::Parse(position.ToText());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->Next({"a.v1", 1}), 7);
  EXPECT_EQ(read->Next({"b.v1", 0}), int64_t{1} << 60);
  EXPECT_EQ(read->Next({"a.v1", 2}), std::nullopt);
  EXPECT_EQ(read->Next({"c.v1", 0}), std::nullopt);
  EXPECT_EQ(read->ToText(), position.ToText());
  // A header and an event's id take it as it is.
  for (const char c : position.ToText()) {
    EXPECT_TRUE(absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '=');
  }
}

TEST(TailPositionTest, OtherTextsAreRefused) {
  EXPECT_TRUE(TailPosition::Parse("").ok());
  for (const char* plain : {"", "2a:1;", "1a", "1a:", "1a:x;", "1a:-1;",
                            "1a:1,;", "1:;", "1a:99999999999999999999;"}) {
    const std::string text = absl::WebSafeBase64Escape(plain);
    if (text.empty()) continue;
    EXPECT_EQ(TailPosition::Parse(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << plain;
  }
  EXPECT_FALSE(TailPosition::Parse("&%$").ok());
}

TEST(TailPlanTest, GoesOnWhereItWas) {
  TailPosition old;
  old.Set({"t", 0}, kBegin);
  old.Set({"t", 1}, kEnd);
  const TailPlan plan =
      PlanTail(old, TailFrom::kEnd, Kept({{"t", 0}, {"t", 1}}));
  EXPECT_FALSE(plan.missed);
  EXPECT_EQ(plan.starts[0].offset, kBegin);
  EXPECT_EQ(plan.starts[1].offset, kEnd);
  EXPECT_EQ(plan.position.ToText(), old.ToText());
}

TEST(TailPlanTest, WhatIsNotThereAnyMoreIsMissed) {
  TailPosition old;
  old.Set({"t", 0}, kBegin - 1);
  const TailPlan late = PlanTail(old, TailFrom::kEnd, Kept({{"t", 0}}));
  EXPECT_TRUE(late.missed);
  EXPECT_EQ(late.starts[0].offset, kBegin);
  EXPECT_EQ(late.position.Next({"t", 0}), kBegin);
  // Beyond the end: the topic was made anew.
  old.Set({"t", 0}, kEnd + 1);
  const TailPlan anew = PlanTail(old, TailFrom::kEnd, Kept({{"t", 0}}));
  EXPECT_TRUE(anew.missed);
  EXPECT_EQ(anew.starts[0].offset, kBegin);
}

TEST(TailPlanTest, WhatItDoesNotKnowBeginsAsItIsTold) {
  const auto kept = Kept({{"new", 0}, {"t", 0}, {"t", 1}});
  TailPosition old;
  old.Set({"t", 0}, kEnd);
  const TailPlan plan = PlanTail(old, TailFrom::kEnd, kept);
  EXPECT_FALSE(plan.missed);
  EXPECT_EQ(plan.starts[0].offset, kEnd);
  EXPECT_EQ(plan.starts[1].offset, kEnd);
  EXPECT_EQ(plan.starts[2].offset, kBegin);  // was added since
  EXPECT_EQ(PlanTail({}, TailFrom::kBeginning, kept).starts[0].offset, kBegin);
}

}  // namespace
}  // namespace millrace::bus
