#include "bus/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace millrace::bus {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ProgressTest, IslandsAsText) {
  const Progress progress(100, {{103, 105}, {115, 116}});
  EXPECT_EQ(FinishedToText(progress), "millrace/1 3+2,10+1");
  EXPECT_EQ(FinishedFromText(100, "millrace/1 3+2,10+1"), progress.finished);
}

TEST(ProgressTest, NoIslandsAreNoText) {
  EXPECT_EQ(FinishedToText(Progress(7)), "");
  EXPECT_THAT(FinishedFromText(7, ""), IsEmpty());
}

TEST(ProgressTest, WhatDoesNotFitIsLeftOutFromTheEnd) {
  const Progress progress(0, {{1, 2}, {3, 4}, {5, 6}});
  const std::string two = "millrace/1 1+1,1+1";
  EXPECT_EQ(FinishedToText(progress, two.size()), two);
  EXPECT_EQ(FinishedToText(progress, two.size() + 3), two);
  EXPECT_EQ(FinishedToText(progress, 5), "");
  EXPECT_THAT(FinishedFromText(0, two),
              ElementsAre(OffsetRange{1, 2}, OffsetRange{3, 4}));
}

TEST(ProgressTest, TextOfOthersIsNoIsland) {
  for (const char* text :
       {"millrace/1", "millrace/1 ", "millrace/2 3+2", "3+2", "millrace/1 3",
        "millrace/1 3+", "millrace/1 +2", "millrace/1 0+2", "millrace/1 3+0",
        "millrace/1 -3+2", "millrace/1 3+-2", "millrace/1 3+2,",
        "millrace/1 3+2 ", "millrace/1 3+2;10+1", "millrace/1 3 +2",
        "millrace/1 9223372036854775807+1", "millrace/1 1+9223372036854775807",
        "millrace/1 99999999999999999999+1", "consumer-1 on host"}) {
    EXPECT_THAT(FinishedFromText(1, text), IsEmpty()) << text;
  }
  // Without an offset there is nothing beyond it.
  EXPECT_THAT(FinishedFromText(-1, "millrace/1 3+2"), IsEmpty());
}

TEST(ProgressTest, AnyIslandsComeBack) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 500; ++round) {
    Progress progress(static_cast<int64_t>(random() % 1'000'000));
    int64_t at = progress.next_offset;
    for (uint64_t i = random() % 100; i > 0; --i) {
      const int64_t begin = at + 1 + static_cast<int64_t>(random() % 1000);
      at = begin + 1 + static_cast<int64_t>(random() % 1000);
      progress.finished.push_back({begin, at});
    }
    EXPECT_EQ(FinishedFromText(progress.next_offset, FinishedToText(progress)),
              progress.finished);
  }
}

}  // namespace
}  // namespace millrace::bus
