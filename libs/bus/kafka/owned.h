// Things of librdkafka that are destroyed with their owner, and the options of
// its admin requests. Each is one thread's.
#ifndef MILLRACE_BUS_KAFKA_OWNED_H_
#define MILLRACE_BUS_KAFKA_OWNED_H_

#include <librdkafka/rdkafka.h>

#include <memory>

#include "absl/time/time.h"

namespace millrace::bus::kafka {

template <auto kDestroy>
struct Destroyer {
  template <typename T>
  void operator()(T* object) const {
    kDestroy(object);
  }
};
template <typename T, auto kDestroy>
using Owned = std::unique_ptr<T, Destroyer<kDestroy>>;

using OwnedQueue = Owned<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using OwnedEvent = Owned<rd_kafka_event_t, rd_kafka_event_destroy>;
using OwnedList = Owned<rd_kafka_topic_partition_list_t,
                        rd_kafka_topic_partition_list_destroy>;
using OwnedNewTopic = Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using AdminOptions =
    Owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;

// For an answer within `bound`. Of what makes or changes topics, the controller
// answers when it is done, or after half of that.
AdminOptions MakeAdminOptions(rd_kafka_t* client, rd_kafka_admin_op_t what,
                              absl::Duration bound);

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_OWNED_H_
