#include "bus/partition_work.h"

#include <gtest/gtest.h>

namespace millrace::bus {
namespace {

Record At(int64_t offset, std::string key) {
  Record record;
  record.topic = "t";
  record.key = std::move(key);
  record.value = "value";
  record.partition = 0;
  record.offset = offset;
  return record;
}

TEST(PartitionWorkTest, OneKeyIsOneLaneAndKeysAreApart) {
  PartitionWork work({"t", 0});
  Lane* a = work.Add(At(0, "a"));
  Lane* b = work.Add(At(1, "b"));
  ASSERT_NE(a, nullptr);
  ASSERT_NE(b, nullptr);
  EXPECT_NE(a, b);
  EXPECT_EQ(work.Add(At(2, "a")), nullptr);
  EXPECT_EQ(a->jobs.size(), 2u);
  EXPECT_EQ(a->jobs.front().record.offset, 0);
}

std::vector<int64_t> OffsetsOf(const Lane& lane) {
  std::vector<int64_t> offsets;
  for (const Job& job : lane.jobs) offsets.push_back(job.record.offset);
  return offsets;
}

TEST(PartitionWorkTest, WhatIsLetGoOfIsTakenBackInItsOrder) {
  PartitionWork work({"t", 0});
  Lane* hot = work.Add(At(0, "hot"));
  for (int i = 1; i < 5; ++i) work.Add(At(i, "hot"));
  const size_t bytes = work.bytes();
  work.LetGo(hot, 2, bytes);
  EXPECT_EQ(OffsetsOf(*hot), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(work.live(), 2u);
  EXPECT_EQ(work.bytes(), bytes / 5 * 2);
  EXPECT_EQ(work.left(), 3u);
  // What comes behind them is let go of, too; other keys are not.
  EXPECT_EQ(work.Add(At(5, "hot")), nullptr);
  EXPECT_NE(work.Add(At(6, "cold")), nullptr);
  EXPECT_EQ(work.left(), 4u);
  EXPECT_EQ(work.live(), 3u);
  hot->state = Lane::State::kWorking;
  EXPECT_TRUE(work.Finish(hot));
  hot->state = Lane::State::kWorking;
  EXPECT_FALSE(work.Finish(hot));
  EXPECT_EQ(hot->state, Lane::State::kEmpty);
  EXPECT_EQ(work.progress(), Progress(2));
  for (int i = 2; i < 7; ++i) {
    EXPECT_EQ(work.TakeBack(hot, At(i, i == 6 ? "cold" : "hot")), 0u);
  }
  EXPECT_EQ(OffsetsOf(*hot), (std::vector<int64_t>{2, 3, 4, 5}));
  EXPECT_EQ(work.left(), 0u);
}

TEST(PartitionWorkTest, WhatTheLogHasDeletedMeanwhileIsDoneWith) {
  PartitionWork work({"t", 0});
  Lane* hot = work.Add(At(0, "hot"));
  for (int i = 1; i < 6; ++i) work.Add(At(i, "hot"));
  work.LetGo(hot, 1, 1 << 20);
  hot->state = Lane::State::kWorking;
  work.Finish(hot);
  EXPECT_EQ(work.TakeBack(hot, At(4, "hot")), 3u);
  EXPECT_EQ(OffsetsOf(*hot), (std::vector<int64_t>{4}));
  EXPECT_EQ(work.progress(), Progress(4));
  EXPECT_EQ(work.TakeBack(hot, At(9, "other")), 1u);
  EXPECT_EQ(work.left(), 0u);
}

TEST(PartitionWorkTest, AnEmptyLaneStaysForWhoReadsAndTakesWhatComes) {
  PartitionWork work({"t", 0});
  Lane* hot = work.Add(At(0, "hot"));
  hot->reading = true;
  hot->state = Lane::State::kWorking;
  EXPECT_FALSE(work.Finish(hot));
  EXPECT_EQ(work.Add(At(1, "hot")), hot);
}

TEST(PartitionWorkTest, TheBudgetKnowsWhatIsHere) {
  const auto budget = std::make_shared<Budget>(100, 1 << 20);
  {
    PartitionWork work({"t", 0}, {}, budget);
    Lane* a = work.Add(At(0, "a"));
    work.Add(At(1, "a"));
    work.Add(At(2, "b"));
    EXPECT_EQ(budget->records(), 3u);
    EXPECT_EQ(budget->bytes(), work.bytes());
    work.LetGo(a, 1, 1 << 20);
    EXPECT_EQ(budget->records(), 2u);
    EXPECT_EQ(budget->bytes(), work.bytes());
  }
  EXPECT_EQ(budget->records(), 0u);
  EXPECT_EQ(budget->bytes(), 0u);
}

TEST(PartitionWorkTest, RecordsWithoutAKeyDoNotWaitForEachOther) {
  PartitionWork work({"t", 0});
  EXPECT_NE(work.Add(At(0, "")), nullptr);
  EXPECT_NE(work.Add(At(1, "")), nullptr);
  // Not even for a key that looks like the name of such a lane.
  EXPECT_NE(work.Add(At(2, "#0")), nullptr);
}

TEST(PartitionWorkTest, FinishingCommitsOnlyWithoutAGap) {
  PartitionWork work({"t", 0});
  Lane* a = work.Add(At(5, "a"));
  Lane* b = work.Add(At(6, "b"));
  work.Add(At(7, "a"));
  a->state = b->state = Lane::State::kWorking;
  EXPECT_FALSE(work.Finish(b));
  EXPECT_EQ(work.progress(), Progress(5, {{6, 7}}));
  EXPECT_TRUE(work.Finish(a));
  EXPECT_EQ(work.progress(), Progress(7));
  EXPECT_EQ(a->state, Lane::State::kReady);
  EXPECT_EQ(work.live(), 1u);
  a->state = Lane::State::kWorking;
  EXPECT_FALSE(work.Finish(a));
  EXPECT_EQ(work.progress(), Progress(8));
  EXPECT_EQ(work.live(), 0u);
  EXPECT_EQ(work.bytes(), 0u);
  EXPECT_TRUE(work.lanes().empty());
}

TEST(PartitionWorkTest, AnAbandonedJobHoldsTheWatermark) {
  PartitionWork work({"t", 0});
  Lane* a = work.Add(At(0, "a"));
  work.Add(At(1, "a"));
  Lane* b = work.Add(At(2, "b"));
  a->state = Lane::State::kWaiting;
  work.Abandon(a);
  EXPECT_EQ(work.live(), 1u);
  b->state = Lane::State::kWorking;
  work.Finish(b);
  EXPECT_EQ(work.progress(), Progress(0, {{2, 3}}));
  EXPECT_EQ(work.live(), 0u);
}

TEST(PartitionWorkTest, AbandoningAWorkingLaneKeepsWhatIsInFlight) {
  PartitionWork work({"t", 0});
  Lane* a = work.Add(At(0, "a"));
  work.Add(At(1, "a"));
  a->state = Lane::State::kWorking;
  work.Abandon(a);
  EXPECT_EQ(work.live(), 1u);
  EXPECT_FALSE(work.Finish(a));
  EXPECT_EQ(work.progress(), Progress(1));
}

TEST(PartitionWorkTest, WhatWasFinishedBeforeIsPassedOver) {
  PartitionWork work({"t", 0}, {{6, 8}, {9, 10}});
  Lane* a = work.Add(At(5, "a"));
  ASSERT_NE(a, nullptr);
  EXPECT_FALSE(work.WasFinished(5));
  EXPECT_TRUE(work.WasFinished(6));
  work.PassOver(6);
  EXPECT_TRUE(work.WasFinished(7));
  work.PassOver(7);
  EXPECT_FALSE(work.WasFinished(8));
  EXPECT_NE(work.Add(At(8, "c")), nullptr);
  EXPECT_TRUE(work.WasFinished(9));
  work.PassOver(9);
  EXPECT_FALSE(work.WasFinished(10));
  EXPECT_EQ(work.live(), 2u);
  EXPECT_EQ(work.progress(), Progress(5, {{6, 8}, {9, 10}}));
  a->state = Lane::State::kWorking;
  work.Finish(a);
  EXPECT_EQ(work.progress(), Progress(8, {{9, 10}}));
}

}  // namespace
}  // namespace millrace::bus
