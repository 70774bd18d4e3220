// Topics, as Kafka's admin interface has them.
#ifndef MILLRACE_BUS_KAFKA_TOPICS_H_
#define MILLRACE_BUS_KAFKA_TOPICS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bus/kafka/environment.h"
#include "bus/kafka/owned.h"
#include "bus/transport.h"
#include "loop/promise.h"

namespace millrace::bus::kafka {

// The value of the setting retention.ms.
inline constexpr char kRetentionSetting[] = "retention.ms";
std::string RetentionMs(absl::Duration retention);

// As librdkafka wants to be told of a topic to create. INVALID_ARGUMENT names
// the topic and what is wrong with it.
absl::StatusOr<OwnedNewTopic> NewTopic(const TopicSpec& spec,
                                       const Environment& environment);

// The partitions of every topic there is, by name. Waits for the cluster: not
// for the loop's thread. Asks for all topics, because a broker may create the
// ones that it is asked for by name.
absl::StatusOr<std::map<std::string, int>> ExistingPartitions(
    rd_kafka_t* client, const std::string& place, int timeout_ms);

// Resolves when all of these exist, and creates none: UNAVAILABLE names those
// that are missing and how they come to be there. Loop thread only;
// `environment` outlives the promise.
Promise<void> RequireTopics(Environment& environment, Handle client,
                            std::vector<TopicSpec> topics);

// Loop thread only. Creates those that do not exist; resolves when the
// controller has them all. Rejects with the first error, naming the topic;
// UNAVAILABLE when the cluster does not answer. `environment` outlives the
// promise.
Promise<void> CreateTopics(Environment& environment, Handle client,
                           std::vector<TopicSpec> topics);

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_TOPICS_H_
