// The first records of a producer in the partitions of a topic: see
// first_records.h.

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "bus/kafka/kafka_test_support.h"
#include "bus/kafka/mock_cluster.h"
#include "bus/partitioner.h"

namespace millrace::bus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The mock takes any record of a producer, as a broker does that knows nothing
// of it.
class FirstRecordsMockTest : public KafkaTest {
 protected:
  FirstRecordsMockTest() : topic_(NewName("first")), cluster_(topic_, 2) {}

  void SetUp() override { transport_ = &Open(cluster_.Options()); }

  absl::Status Publish(int partition, const std::string& value) {
    return Await(transport_->Publish({Of(partition, value)}));
  }

  // The second is published while the first one's request is under way, which
  // the broker refuses.
  std::pair<absl::Status, absl::Status> PublishTwo() {
    cluster_.AnswerAfter(absl::Milliseconds(200));
    cluster_.RefuseRecords(1, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    const auto first = AsStatusOr(transport_->Publish({Of(0, "first")}));
    EXPECT_TRUE(Await(Delay(absl::Milliseconds(50))).ok());
    const auto second = AsStatusOr(transport_->Publish({Of(0, "second")}));
    EXPECT_TRUE(RunUntil([&] { return first.settled() && second.settled(); }));
    cluster_.AnswerAfter(absl::ZeroDuration());
    return {first.value(), second.value()};
  }

  std::vector<std::string> ValuesIn(int partition) {
    std::vector<Record> records;
    const absl::Status status = ReadAll(
        transport_->TailAt({{{topic_, partition}, 0}}, false), &records);
    EXPECT_TRUE(status.ok()) << status;
    std::vector<std::string> values;
    for (const Record& record : records) values.push_back(record.value);
    return values;
  }

  Record Of(int partition, const std::string& value) {
    Record record = MakeRecord(topic_, "k", value);
    record.partition = partition;
    return record;
  }

  // Which says its partition by the key alone.
  Record OfKey(const std::string& key, const std::string& value) {
    return MakeRecord(topic_, key, value);
  }

  // One that belongs there.
  static std::string KeyOf(int partition) {
    int n = 0;
    while (PartitionOf(StrCat("key", n), 2) != partition) ++n;
    return StrCat("key", n);
  }

  const std::string topic_;
  MockCluster cluster_;
  Transport* transport_ = nullptr;
};

TEST_F(FirstRecordsMockTest, OfAPartitionsFirstTheSecondWaits) {
  // The topic is known, and nothing holds the first back.
  ASSERT_TRUE(Publish(1, "before").ok());
  const auto [first, second] = PublishTwo();
  EXPECT_TRUE(first.ok()) << first;
  EXPECT_TRUE(second.ok()) << second;
  EXPECT_THAT(ValuesIn(0), ElementsAre("first", "second"));
}

// Of a topic that was made anew under a producer, say.
TEST_F(FirstRecordsMockTest, OfLaterOnesTheRefusedIsNotAcknowledged) {
  ASSERT_TRUE(Publish(0, "before").ok());
  const auto [first, second] = PublishTwo();
  EXPECT_EQ(first.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(first.ToString(), HasSubstr("publish it again"));
  EXPECT_TRUE(second.ok()) << second;
  EXPECT_THAT(ValuesIn(0), ElementsAre("before", "second"));
  EXPECT_TRUE(Publish(0, "first").ok());
  EXPECT_THAT(ValuesIn(0), ElementsAre("before", "second", "first"));
}

TEST_F(FirstRecordsMockTest, WhatWaitsHoldsUpNoOther) {
  const std::string without = KeyOf(0), with = KeyOf(1);
  ASSERT_TRUE(Await(transport_->Publish({OfKey(with, "before")})).ok());
  cluster_.TakeLeader(topic_, 0);
  const auto first = AsStatusOr(transport_->Publish({OfKey(without, "1")}));
  const auto others = AsStatusOr(transport_->Publish(
      {OfKey(without, "2"), OfKey(with, "between"), OfKey(without, "3")}));
  EXPECT_TRUE(Await(transport_->Publish({OfKey(with, "after")})).ok());
  EXPECT_FALSE(first.settled());
  EXPECT_FALSE(others.settled());
  EXPECT_THAT(ValuesIn(1), ElementsAre("before", "between", "after"));
  cluster_.GiveLeader(topic_, 0);
  ASSERT_TRUE(RunUntil([&] { return first.settled() && others.settled(); }));
  EXPECT_TRUE(first.value().ok()) << first.value();
  EXPECT_TRUE(others.value().ok()) << others.value();
  EXPECT_THAT(ValuesIn(0), ElementsAre("1", "2", "3"));
}

TEST_F(FirstRecordsMockTest, WhatWaitsIsGivenUpWithItsCall) {
  ASSERT_TRUE(Publish(1, "before").ok());
  cluster_.AnswerAfter(absl::Milliseconds(100));
  const auto first = AsStatusOr(transport_->Publish({Of(0, "first")}));
  const absl::Status failed =
      Await(transport_->Publish({Of(0, "waits"), Of(99, "nowhere")}));
  EXPECT_EQ(failed.code(), absl::StatusCode::kNotFound) << failed;
  EXPECT_TRUE(Publish(0, "next").ok());
  EXPECT_TRUE(first.settled() && first.value().ok());
  EXPECT_THAT(ValuesIn(0), ElementsAre("first", "next"));
}

TEST_F(FirstRecordsMockTest, WhoWaitedForAllAndIsGivenUpHoldsUpNobody) {
  const std::string other = NewName("other");
  const std::string key = KeyOf(1);
  ASSERT_TRUE(Await(transport_->Publish(
                        {OfKey(key, "before"), MakeRecord(other, key, "")}))
                  .ok());
  cluster_.AnswerAfter(absl::Milliseconds(100));
  const auto under_way = AsStatusOr(transport_->Publish({OfKey(key, "1")}));
  Record nowhere = MakeRecord(other, "", "nowhere");
  nowhere.partition = 99;
  const auto failed =
      AsStatusOr(transport_->Publish({OfKey("", "waits"), nowhere}));
  ASSERT_TRUE(RunUntil([&] { return under_way.settled(); }));
  EXPECT_TRUE(failed.settled() && !failed.value().ok());
  EXPECT_TRUE(Await(transport_->Publish({OfKey(key, "2")})).ok());
  EXPECT_THAT(ValuesIn(1), ElementsAre("before", "1", "2"));
}

// They go one at a time until all partitions are known, and then at once.
TEST_F(FirstRecordsMockTest, RecordsWithoutKeysAreAllThere) {
  std::vector<Promise<void>> published;
  for (int i = 0; i < 200; ++i) {
    published.push_back(transport_->Publish({OfKey("", std::to_string(i))}));
  }
  EXPECT_TRUE(Await(All(std::move(published))).ok());
  EXPECT_EQ(ValuesIn(0).size() + ValuesIn(1).size(), 200u);
}

}  // namespace
}  // namespace millrace::bus
