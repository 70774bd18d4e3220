// Creates topics through Kafka's admin interface. Loop thread only.
#ifndef MILLRACE_BUS_KAFKA_TOPICS_H_
#define MILLRACE_BUS_KAFKA_TOPICS_H_

#include <vector>

#include "bus/kafka/environment.h"
#include "bus/transport.h"
#include "loop/promise.h"

namespace millrace::bus::kafka {

// Creates those that do not exist; resolves when the controller has them all.
// Rejects with the first error, naming the topic; UNAVAILABLE when the cluster
// does not answer. `environment` outlives the promise.
Promise<void> CreateTopics(Environment& environment, Handle client,
                           std::vector<TopicSpec> topics);

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_TOPICS_H_
