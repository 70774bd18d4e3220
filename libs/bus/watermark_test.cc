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
  EXPECT_EQ(mark.progress(9), Progress(10));
  mark.Done(a);
  EXPECT_EQ(mark.progress(9), Progress(11));
  mark.Done(b);
  EXPECT_EQ(mark.progress(9), Progress(12));
  EXPECT_EQ(mark.open(), 0u);
}

TEST(WatermarkTest, NeverPassesARecordInFlight) {
  Watermark mark;
  const auto a = mark.Begin(0);
  const auto b = mark.Begin(1);
  const auto c = mark.Begin(2);
  mark.Done(c);
  EXPECT_EQ(mark.progress(9), Progress(0, {{2, 3}}));
  mark.Done(b);
  EXPECT_EQ(mark.progress(9), Progress(0, {{1, 3}}));
  EXPECT_EQ(mark.open(), 3u);
  mark.Done(a);
  EXPECT_EQ(mark.progress(9), Progress(3));
}

TEST(WatermarkTest, NothingToCommitBeforeTheFirstRecord) {
  const Watermark mark;
  EXPECT_EQ(mark.progress(9), Progress());
}

TEST(WatermarkTest, TheFirstIslandsCountWhenThereAreTooMany) {
  Watermark mark;
  std::vector<Watermark::Ticket> tickets;
  for (int64_t offset = 0; offset < 10; ++offset) {
    tickets.push_back(mark.Begin(offset));
  }
  for (size_t i = 1; i < 10; i += 2) mark.Done(tickets[i]);
  EXPECT_EQ(mark.progress(2), Progress(0, {{1, 2}, {3, 4}}));
}

TEST(WatermarkTest, OffsetsMayHaveGaps) {
  Watermark mark;
  const auto a = mark.Begin(5);
  const auto b = mark.Begin(100);
  const auto c = mark.Begin(150);
  const auto d = mark.Begin(151);
  mark.Done(a);
  EXPECT_EQ(mark.progress(9), Progress(6));
  mark.Done(c);
  mark.Done(d);
  EXPECT_EQ(mark.progress(9), Progress(6, {{150, 152}}));
  mark.Done(b);
  EXPECT_EQ(mark.progress(9), Progress(152));
}

// Against the definition: the smallest unfinished offset bounds it, and what
// is done beyond it is in an island.
TEST(WatermarkTest, AgreesWithTheDefinitionInAnyOrder) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    Watermark mark;
    std::vector<std::pair<Watermark::Ticket, int64_t>> open;
    std::vector<int64_t> done;
    int64_t next = 0, committed = 0, highest = 0;
    for (int step = 0; step < 100; ++step) {
      if (open.empty() || random() % 2 == 0) {
        next += 1 + static_cast<int64_t>(random() % 3);
        open.emplace_back(mark.Begin(next), next);
        highest = next;
        continue;
      }
      const size_t pick = random() % open.size();
      const auto [ticket, at] = open[pick];
      open.erase(open.begin() + static_cast<int64_t>(pick));
      done.push_back(at);
      mark.Done(ticket);
      const Progress progress = mark.progress(1000);
      EXPECT_GE(progress.next_offset, committed);
      committed = progress.next_offset;
      const auto covered = [&](int64_t offset) {
        return offset < committed ||
               std::any_of(progress.finished.begin(), progress.finished.end(),
                           [&](const OffsetRange& range) {
                             return range.begin <= offset && offset < range.end;
                           });
      };
      for (const auto& [unused, offset] : open) EXPECT_FALSE(covered(offset));
      for (const int64_t offset : done) EXPECT_TRUE(covered(offset));
      if (open.empty()) {
        EXPECT_EQ(committed, highest + 1);
      }
    }
  }
}

}  // namespace
}  // namespace millrace::bus
