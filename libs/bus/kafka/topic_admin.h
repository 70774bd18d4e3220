// The topics of a Kafka cluster, looked at and changed by whoever deploys: see
// topic_plan.h for what is changed. Every call but Open() waits for the
// cluster, at most some seconds: for programs that have nothing else to do, not
// for a loop with work on it. One thread.
#ifndef MILLRACE_BUS_KAFKA_TOPIC_ADMIN_H_
#define MILLRACE_BUS_KAFKA_TOPIC_ADMIN_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/logger.h"
#include "bus/kafka/options.h"
#include "bus/topic_plan.h"
#include "loop/event_loop.h"

namespace millrace::bus {

class TopicAdmin {
 public:
  virtual ~TopicAdmin() = default;

  // Those of these topics that exist, with their partitions and the retention
  // that they are configured with. UNAVAILABLE when the cluster does not
  // answer.
  virtual absl::StatusOr<std::vector<ExistingTopic>> Describe(
      const std::vector<std::string>& names) = 0;

  // Does what the change says; nothing for kNone and kRefused. Other settings
  // of the topic stay as they are. To change the retention, all of them are
  // read and written: two who do so at the same time may undo each other's.
  virtual absl::Status Apply(const TopicChange& change) = 0;
};

// INVALID_ARGUMENT names the option that is wrong. `loop` and `logger` outlive
// it.
absl::StatusOr<std::unique_ptr<TopicAdmin>> OpenTopicAdmin(EventLoop& loop,
                                                           KafkaOptions options,
                                                           Logger& logger);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_KAFKA_TOPIC_ADMIN_H_
