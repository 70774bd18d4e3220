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
