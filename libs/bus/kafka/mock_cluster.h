// librdkafka's mock cluster, of one broker: answers as it is told to. For
// tests; one thread.
#ifndef MILLRACE_BUS_KAFKA_MOCK_CLUSTER_H_
#define MILLRACE_BUS_KAFKA_MOCK_CLUSTER_H_

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "bus/kafka/options.h"

namespace millrace::bus {

class MockCluster {
 public:
  explicit MockCluster(const std::string& topic, int partitions = 1);
  ~MockCluster();
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  KafkaOptions Options() const;

  // What the next requests for what groups have committed are answered with.
  void RefuseOffsets(size_t times, rd_kafka_resp_err_t error);
  // And the next ones that bring records.
  void RefuseRecords(size_t times, rd_kafka_resp_err_t error);
  // Members may join; none gets partitions, until they are given again.
  void WithholdPartitions();
  void GivePartitions();
  // The partition has no leader, or has one again.
  void TakeLeader(const std::string& topic, int partition);
  void GiveLeader(const std::string& topic, int partition);
  // Of every answer from now on.
  void AnswerAfter(absl::Duration delay);

 private:
  void Refuse(int16_t request, size_t times, rd_kafka_resp_err_t error);

  rd_kafka_t* client_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_KAFKA_MOCK_CLUSTER_H_
