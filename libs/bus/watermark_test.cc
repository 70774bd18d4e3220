#include "bus/watermark.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace millrace::bus {
namespace {

TEST(WatermarkTest, InOrderEachRecordMovesIt) {
  Watermark mark;
  const auto a = mark.Begin(10);
  const auto b = mark.Begin(11);
  EXPECT_EQ(mark.Done(a), 11);
  EXPECT_EQ(mark.Done(b), 12);
  EXPECT_EQ(mark.open(), 0u);
}

TEST(WatermarkTest, NeverPassesARecordInFlight) {
  Watermark mark;
  const auto a = mark.Begin(0);
  const auto b = mark.Begin(1);
  const auto c = mark.Begin(2);
  EXPECT_EQ(mark.Done(c), std::nullopt);
  EXPECT_EQ(mark.Done(b), std::nullopt);
  EXPECT_EQ(mark.open(), 3u);
  EXPECT_EQ(mark.Done(a), 3);
}

TEST(WatermarkTest, OffsetsMayHaveGaps) {
  Watermark mark;
  const auto a = mark.Begin(5);
  const auto b = mark.Begin(100);
  EXPECT_EQ(mark.Done(a), 6);
  EXPECT_EQ(mark.Done(b), 101);
}

// Against the definition: the smallest unfinished offset bounds it.
TEST(WatermarkTest, AgreesWithTheDefinitionInAnyOrder) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    Watermark mark;
    std::vector<std::pair<Watermark::Ticket, int64_t>> open;
    int64_t next = 0, committed = 0, highest = 0;
    for (int step = 0; step < 100; ++step) {
      if (open.empty() || random() % 2 == 0) {
        next += 1 + static_cast<int64_t>(random() % 3);
        open.emplace_back(mark.Begin(next), next);
        highest = next;
        continue;
      }
      const size_t pick = random() % open.size();
      const auto ticket = open[pick].first;
      open.erase(open.begin() + static_cast<int64_t>(pick));
      if (const auto moved = mark.Done(ticket)) {
        EXPECT_GT(*moved, committed);
        committed = *moved;
      }
      int64_t bound = highest + 1;
      for (const auto& [unused, offset] : open) bound = std::min(bound, offset);
      EXPECT_LE(committed, bound);
      if (open.empty()) {
        EXPECT_EQ(committed, highest + 1);
      }
    }
  }
}

}  // namespace
}  // namespace millrace::bus
