// Records of a partition under way at once, of which a broker refuses the
// first and takes the second: see first_records.h.

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bus/kafka/kafka_test_support.h"
#include "bus/kafka/mock_cluster.h"

namespace millrace::bus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The mock takes any record of a producer, as a broker does that knows nothing
// of it.
class OneOfTwoRefused : public KafkaTest {
 protected:
  OneOfTwoRefused() : topic_(NewName("refused")), cluster_(topic_, 2) {}

  void SetUp() override { transport_ = &Open(cluster_.Options()); }

  absl::Status Publish(int partition, const std::string& value) {
    return Await(transport_->Publish({Of(partition, value)}));
  }

  // The second is published while the first one's request is under way.
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

 private:
  Record Of(int partition, const std::string& value) {
    Record record = MakeRecord(topic_, "k", value);
    record.partition = partition;
    return record;
  }

  const std::string topic_;
  MockCluster cluster_;
  Transport* transport_ = nullptr;
};

TEST_F(OneOfTwoRefused, OfAPartitionsFirstTheSecondWaits) {
  // The topic is known, and nothing holds the first back.
  ASSERT_TRUE(Publish(1, "before").ok());
  const auto [first, second] = PublishTwo();
  EXPECT_TRUE(first.ok()) << first;
  EXPECT_TRUE(second.ok()) << second;
  EXPECT_THAT(ValuesIn(0), ElementsAre("first", "second"));
}

// Of a topic that was made anew under a producer, say.
TEST_F(OneOfTwoRefused, OfLaterOnesTheRefusedIsNotAcknowledged) {
  ASSERT_TRUE(Publish(0, "before").ok());
  const auto [first, second] = PublishTwo();
  EXPECT_EQ(first.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(first.ToString(), HasSubstr("publish it again"));
  EXPECT_TRUE(second.ok()) << second;
  EXPECT_THAT(ValuesIn(0), ElementsAre("before", "second"));
  EXPECT_TRUE(Publish(0, "first").ok());
  EXPECT_THAT(ValuesIn(0), ElementsAre("before", "second", "first"));
}

}  // namespace
}  // namespace millrace::bus
