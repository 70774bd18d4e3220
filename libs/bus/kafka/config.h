// Settings of one librdkafka instance, and the instance made from them.
#ifndef MILLRACE_BUS_KAFKA_CONFIG_H_
#define MILLRACE_BUS_KAFKA_CONFIG_H_

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bus/kafka/environment.h"

namespace millrace::bus::kafka {

class Config {
 public:
  // With what every instance has: brokers, time-outs, logging, and last the
  // properties of the options.
  explicit Config(Environment& environment);
  ~Config();
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;

  Config& Set(const char* name, const std::string& value);
  Config& Set(const char* name, int64_t value);
  Config& Set(const char* name, absl::Duration milliseconds);
  // Or-ed RD_KAFKA_EVENT_*: what arrives as an event on a queue.
  Config& Events(int events);
  using Partitioner = int32_t (*)(const rd_kafka_topic_t* topic,
                                  const void* key, size_t size,
                                  int32_t partitions, void* state,
                                  void* message_opaque);
  // Of all topics, called from any thread. `state` outlives the instance.
  Config& Partition(Partitioner partitioner, std::shared_ptr<void> state);

  // Once. INVALID_ARGUMENT names the setting that librdkafka refused.
  absl::StatusOr<Handle> Make(rd_kafka_type_t type);

 private:
  Environment& environment_;
  rd_kafka_conf_t* conf_;
  std::shared_ptr<void> state_;
  absl::Status status_;
};

// The settings of the one producer of a transport. `one_by_one` sends each
// record in a request of its own.
absl::StatusOr<Handle> MakeProducer(Environment& environment, bool one_by_one,
                                    Config::Partitioner partitioner,
                                    std::shared_ptr<void> state);

// A consumer of `group`; `member_id` may be empty. It has not subscribed.
absl::StatusOr<Handle> MakeConsumer(Environment& environment,
                                    const std::string& group,
                                    const std::string& member_id);

// A consumer that is given its partitions, without a group. The end of a
// partition is told as an error event.
absl::StatusOr<Handle> MakeReader(Environment& environment);

// A consumer that neither reads nor joins: to ask about `group` and others.
absl::StatusOr<Handle> MakeAsker(Environment& environment,
                                 const std::string& group);

// Makes the threads of librdkafka that talk to brokers look around at once:
// each finds the partitions whose queues have room again, which 2.0.2 notices
// only once a second. Costs a few microseconds and no request. Any thread.
void WakeBrokers(rd_kafka_t* client, const KafkaOptions& options);

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_CONFIG_H_
