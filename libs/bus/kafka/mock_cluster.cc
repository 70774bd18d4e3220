#include "bus/kafka/mock_cluster.h"

#include <vector>

namespace millrace::bus {
namespace {

constexpr int16_t kProduce = 0;
constexpr int16_t kOffsetFetch = 9;
constexpr int16_t kSyncGroup = 14;
constexpr int32_t kBroker = 1;  // its id, and how many there are

}  // namespace

MockCluster::MockCluster(const std::string& topic, int partitions) {
  char error[256];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  // That it knows no broker is no news.
  rd_kafka_conf_set(conf, "log_level", "3", error, sizeof error);
  client_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  cluster_ = rd_kafka_mock_cluster_new(client_, kBroker);
  rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1);
}

MockCluster::~MockCluster() {
  rd_kafka_mock_cluster_destroy(cluster_);
  rd_kafka_destroy(client_);
}

KafkaOptions MockCluster::Options() const {
  KafkaOptions options;
  options.brokers = rd_kafka_mock_cluster_bootstraps(cluster_);
  return options;
}

void MockCluster::RefuseOffsets(size_t times, rd_kafka_resp_err_t error) {
  Refuse(kOffsetFetch, times, error);
}

void MockCluster::RefuseRecords(size_t times, rd_kafka_resp_err_t error) {
  Refuse(kProduce, times, error);
}

void MockCluster::WithholdPartitions() {
  Refuse(kSyncGroup, 100'000, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
}

void MockCluster::GivePartitions() {
  rd_kafka_mock_clear_request_errors(cluster_, kSyncGroup);
}

void MockCluster::TakeLeader(const std::string& topic, int partition) {
  rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), partition, -1);
}

void MockCluster::GiveLeader(const std::string& topic, int partition) {
  rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), partition,
                                     kBroker);
}

void MockCluster::AnswerAfter(absl::Duration delay) {
  rd_kafka_mock_broker_set_rtt(
      cluster_, kBroker, static_cast<int>(absl::ToInt64Milliseconds(delay)));
}

void MockCluster::Refuse(int16_t request, size_t times,
                         rd_kafka_resp_err_t error) {
  const std::vector<rd_kafka_resp_err_t> errors(times, error);
  rd_kafka_mock_push_request_errors_array(cluster_, request, times,
                                          errors.data());
}

}  // namespace millrace::bus
