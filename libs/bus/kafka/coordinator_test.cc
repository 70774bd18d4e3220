// A group whose coordinator does not answer as it should, by librdkafka's mock
// cluster.

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bus/kafka/kafka_test_support.h"

namespace millrace::bus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int16_t kOffsetFetch = 9;
constexpr int16_t kSyncGroup = 14;

class MockCluster {
 public:
  explicit MockCluster(const std::string& topic) {
    char error[256];
    client_ = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), error,
                           sizeof error);
    cluster_ = rd_kafka_mock_cluster_new(client_, 1);
    rd_kafka_mock_topic_create(cluster_, topic.c_str(), 1, 1);
  }
  ~MockCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }

  std::string brokers() const {
    return rd_kafka_mock_cluster_bootstraps(cluster_);
  }
  // Of the next requests for what groups have committed.
  void RefuseOffsets(size_t times, rd_kafka_resp_err_t error) {
    Refuse(kOffsetFetch, times, error);
  }
  // Members may join; none gets partitions, until they are given again.
  void WithholdPartitions() {
    Refuse(kSyncGroup, 100'000, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
  }
  void GivePartitions() {
    rd_kafka_mock_clear_request_errors(cluster_, kSyncGroup);
  }

 private:
  void Refuse(int16_t request, size_t times, rd_kafka_resp_err_t error) {
    const std::vector<rd_kafka_resp_err_t> errors(times, error);
    rd_kafka_mock_push_request_errors_array(cluster_, request, times,
                                            errors.data());
  }

  rd_kafka_t* client_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

TEST_F(KafkaTest, AMemberAsksUntilItKnowsWhereItsGroupHasCome) {
  const std::string topic = NewName("moved");
  MockCluster cluster(topic);
  KafkaOptions options;
  options.brokers = cluster.brokers();
  Transport& transport = Open(options);
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
  KafkaOptions options;
  options.brokers = cluster.brokers();
  Transport& transport = Open(options);
  cluster.RefuseOffsets(1000, RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
  auto member = Join(transport, NewName("group"), {topic});
  ASSERT_TRUE(RunUntil([&] { return !member->troubles.empty(); }));
  Close(*member);
  EXPECT_EQ(member->assignments, 0);
}

// As a broker does that still takes itself for the coordinator while the others
// have lost sight of it.
class CoordinatorThatGivesNothing : public KafkaTest {
 protected:
  CoordinatorThatGivesNothing()
      : topic_(NewName("withheld")), cluster_(topic_) {}

  std::unique_ptr<TestMember> JoinInVain() {
    cluster_.WithholdPartitions();
    KafkaOptions options;
    options.brokers = cluster_.brokers();
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
