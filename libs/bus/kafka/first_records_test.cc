#include "bus/kafka/first_records.h"

#include <optional>

#include <gtest/gtest.h>

namespace millrace::bus::kafka {
namespace {

constexpr int64_t kNow = 1'000'000;

// Has a record of its own go there and be acknowledged.
void Acknowledge(int partition, FirstRecords* records) {
  records->Went(partition, kNow);
  records->Came(partition, true, kNow);
}

TEST(FirstRecordsTest, OfAPartitionTheSecondWaitsForTheFirst) {
  FirstRecords records;
  records.SetPartitions(2);
  EXPECT_TRUE(records.MayGo(0, kNow));
  records.Went(0, kNow);
  EXPECT_FALSE(records.MayGo(0, kNow));
  EXPECT_TRUE(records.MayGo(1, kNow));
  EXPECT_TRUE(records.Came(0, true, kNow));
  // From now on as many as one likes.
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(records.MayGo(0, kNow));
    records.Went(0, kNow);
  }
  records.Went(1, kNow);
  EXPECT_FALSE(records.MayGo(1, kNow));
  // What comes of these frees none of those.
  EXPECT_FALSE(records.Came(0, true, kNow));
  EXPECT_TRUE(records.Came(1, true, kNow));
}

TEST(FirstRecordsTest, AfterAFailureTheNextIsTheFirst) {
  FirstRecords records;
  records.SetPartitions(1);
  records.Went(0, kNow);
  records.Came(0, false, kNow);
  EXPECT_TRUE(records.MayGo(0, kNow));
  records.Went(0, kNow);
  EXPECT_FALSE(records.MayGo(0, kNow));
}

TEST(FirstRecordsTest, WhileNothingIsKnownOneGoesAtATime) {
  FirstRecords records;
  EXPECT_TRUE(records.MayGo(std::nullopt, kNow));
  records.Went(std::nullopt, kNow);
  EXPECT_FALSE(records.MayGo(std::nullopt, kNow));
  // The topic is told of: it may have gone to any of them.
  records.SetPartitions(3);
  EXPECT_FALSE(records.MayGo(0, kNow));
  EXPECT_FALSE(records.MayGo(1, kNow));
  records.Came(1, true, kNow);
  EXPECT_TRUE(records.MayGo(0, kNow));
  EXPECT_TRUE(records.MayGo(1, kNow));
}

// A record may say where it goes.
TEST(FirstRecordsTest, APartitionMayBeKnownAndTheirNumberNot) {
  FirstRecords records;
  records.Went(1, kNow);
  EXPECT_FALSE(records.MayGo(1, kNow));
  EXPECT_TRUE(records.MayGo(0, kNow));
  EXPECT_FALSE(records.MayGo(std::nullopt, kNow));
  records.Came(1, true, kNow);
  records.Went(1, kNow);
  EXPECT_TRUE(records.MayGo(1, kNow));
  EXPECT_FALSE(records.MayGo(std::nullopt, kNow));
}

TEST(FirstRecordsTest, OneThatCameToNoPartitionLetsTheNextGo) {
  FirstRecords records;
  records.Went(std::nullopt, kNow);
  EXPECT_TRUE(records.Came(-1, false, kNow));
  EXPECT_TRUE(records.MayGo(std::nullopt, kNow));
}

// A record without a key goes where librdkafka likes.
TEST(FirstRecordsTest, WithoutAKeyItGoesAloneUntilAllAreKnown) {
  FirstRecords records;
  records.SetPartitions(2);
  records.Went(0, kNow);
  EXPECT_FALSE(records.MayGo(std::nullopt, kNow));
  records.Came(0, true, kNow);
  EXPECT_TRUE(records.MayGo(std::nullopt, kNow));
  records.Went(std::nullopt, kNow);
  EXPECT_FALSE(records.MayGo(1, kNow));
  // What is known is not held up, and says nothing of the other one.
  EXPECT_TRUE(records.MayGo(0, kNow));
  Acknowledge(0, &records);
  EXPECT_FALSE(records.MayGo(1, kNow));
  records.Came(1, true, kNow);
  EXPECT_TRUE(records.MayGo(1, kNow));
  records.Went(std::nullopt, kNow);
  EXPECT_TRUE(records.MayGo(std::nullopt, kNow));
}

TEST(FirstRecordsTest, WithoutAKeyItMayGoToOneThatIsKnown) {
  FirstRecords records;
  records.SetPartitions(2);
  Acknowledge(0, &records);
  records.Went(std::nullopt, kNow);
  records.Came(0, true, kNow);
  EXPECT_TRUE(records.MayGo(1, kNow));
}

TEST(FirstRecordsTest, PartitionsThatAreAddedBegin) {
  FirstRecords records;
  records.SetPartitions(1);
  Acknowledge(0, &records);
  records.SetPartitions(2);
  EXPECT_TRUE(records.MayGo(0, kNow));
  records.Went(1, kNow);
  EXPECT_FALSE(records.MayGo(1, kNow));
  EXPECT_TRUE(records.MayGo(0, kNow));
}

// A topic was made anew with fewer.
TEST(FirstRecordsTest, OneMayComeElsewhereWhenTheirNumberChanges) {
  FirstRecords records;
  records.SetPartitions(8);
  records.Went(7, kNow);
  records.SetPartitions(2);
  EXPECT_FALSE(records.MayGo(0, kNow));
  EXPECT_FALSE(records.MayGo(1, kNow));
  EXPECT_TRUE(records.Came(1, true, kNow));
  EXPECT_TRUE(records.MayGo(0, kNow));
}

TEST(FirstRecordsTest, WhenNothingIsUnderWayNothingWaits) {
  FirstRecords records;
  records.SetPartitions(2);
  records.Went(0, kNow);
  EXPECT_TRUE(records.Came(-1, false, kNow));
  EXPECT_TRUE(records.MayGo(0, kNow));
}

TEST(FirstRecordsTest, AfterALongSilenceItBeginsAnew) {
  FirstRecords records;
  records.SetPartitions(1);
  Acknowledge(0, &records);
  const int64_t later = kNow + FirstRecords::kMemoryMs;
  EXPECT_TRUE(records.MayGo(0, later));
  records.Went(0, later);
  EXPECT_FALSE(records.MayGo(0, later));
  records.Came(0, true, later);
  records.Went(0, later);
  EXPECT_TRUE(records.MayGo(0, later));
}

}  // namespace
}  // namespace millrace::bus::kafka
