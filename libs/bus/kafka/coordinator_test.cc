// A group whose coordinator does not answer as it should, by librdkafka's mock
// cluster.

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bus/kafka/kafka_test_support.h"
#include "bus/kafka/mock_cluster.h"

namespace millrace::bus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(KafkaTest, AMemberAsksUntilItKnowsWhereItsGroupHasCome) {
  const std::string topic = NewName("moved");
  MockCluster cluster(topic);
  Transport& transport = Open(cluster.Options());
  const std::string group = NewName("group");
  ASSERT_TRUE(Await(transport.Publish({MakeRecord(topic, "k", "first"),
                                       MakeRecord(topic, "k", "second")}))
                  .ok());
  {
    auto member = Join(transport, group, {topic});
    ASSERT_TRUE(RunUntil([&] { return member->records.size() == 2; }));
    member->consumer->Commit({topic, 0}, 1);
    Close(*member);
  }

  cluster.RefuseOffsets(5, RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
  auto member = Join(transport, group, {topic});
  ASSERT_TRUE(RunUntil([&] { return !member->records.empty(); }));
  EXPECT_THAT(member->values(), ElementsAre("second"));
  ASSERT_FALSE(member->troubles.empty());
  EXPECT_THAT(member->troubles[0].ToString(), HasSubstr("Not coordinator"));
  Close(*member);
}

TEST_F(KafkaTest, AMemberThatDoesNotKnowWhereToBeginCanLeave) {
  const std::string topic = NewName("silent");
  MockCluster cluster(topic);
  Transport& transport = Open(cluster.Options());
  cluster.RefuseOffsets(1000, RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
  auto member = Join(transport, NewName("group"), {topic});
  ASSERT_TRUE(RunUntil([&] { return !member->troubles.empty(); }));
  Close(*member);
  EXPECT_EQ(member->assignments, 0);
}

// To a producer librdkafka 2.0.2 does not survive that answer.
TEST_F(KafkaTest, ACoordinatorThatHasMovedIsToldToWhoAsksForOffsets) {
  const std::string topic = NewName("asked");
  MockCluster cluster(topic);
  Transport& transport = Open(cluster.Options());
  ASSERT_TRUE(Await(transport.Publish({MakeRecord(topic, "k", "v")})).ok());
  cluster.RefuseOffsets(1, RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
  const auto refused = Await(transport.Offsets("group", {topic}));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(refused.status().ToString(), HasSubstr("Not coordinator"));
  const auto offsets = Await(transport.Offsets("group", {topic}));
  ASSERT_TRUE(offsets.ok()) << offsets.status();
  ASSERT_EQ(offsets->size(), 1u);
  EXPECT_EQ(offsets->front().lag(), 1);
}

// As a broker does that still takes itself for the coordinator while the others
// have lost sight of it.
class CoordinatorThatGivesNothing : public KafkaTest {
 protected:
  CoordinatorThatGivesNothing()
      : topic_(NewName("withheld")), cluster_(topic_) {}

  std::unique_ptr<TestMember> JoinInVain() {
    cluster_.WithholdPartitions();
    KafkaOptions options = cluster_.Options();
    // Longer than the mock lets the first member of a group wait.
    options.session_timeout = absl::Seconds(5);
    options.revoke_bound = absl::Milliseconds(100);
    transport_ = &Open(options);
    return Join(*transport_, NewName("group"), {topic_});
  }

  const std::string topic_;
  MockCluster cluster_;
  Transport* transport_ = nullptr;
};

TEST_F(CoordinatorThatGivesNothing, IsLeftForAny) {
  auto member = JoinInVain();
  ASSERT_TRUE(RunUntil([&] { return logger_.Has("joins its group anew"); }));
  EXPECT_TRUE(logger_.Has("gave this member no partitions"));
  EXPECT_EQ(member->assignments, 0);
  cluster_.GivePartitions();
  ASSERT_TRUE(RunUntil([&] { return member->assigned.size() == 1; }));
  ASSERT_TRUE(Await(transport_->Publish({MakeRecord(topic_, "k", "on")})).ok());
  ASSERT_TRUE(RunUntil([&] { return member->values().size() == 1; }));
  EXPECT_TRUE(transport_->health().ok());
  Close(*member);
}

TEST_F(CoordinatorThatGivesNothing, CanBeLeftForGood) {
  auto member = JoinInVain();
  ASSERT_TRUE(RunUntil([&] { return logger_.Has("joins its group anew"); }));
  Close(*member);
  EXPECT_EQ(member->assignments, 0);
}

}  // namespace
}  // namespace millrace::bus
