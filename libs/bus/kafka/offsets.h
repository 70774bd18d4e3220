// Where partitions begin and end, and how far a group has come. What returns a
// promise is asked for on a thread of the environment's pool, because
// librdkafka 2.0.2 gives it only to who waits; it is called on the loop, and
// the promise settles there.
#ifndef MILLRACE_BUS_KAFKA_OFFSETS_H_
#define MILLRACE_BUS_KAFKA_OFFSETS_H_

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bus/kafka/environment.h"
#include "bus/transport.h"
#include "loop/promise.h"

namespace millrace::bus::kafka {

// Of the partitions in which a group has committed anything.
using CommittedProgress = absl::flat_hash_map<TopicPartition, Progress>;

// Asks how far the group has come; the answer is one event on `queue`, within
// `bound`, for CommittedIn(). Any thread.
void AskCommitted(rd_kafka_t* client, const std::string& group,
                  const std::vector<TopicPartition>& partitions,
                  absl::Duration bound, rd_kafka_queue_t* queue);
// `what` begins the text of an error.
absl::StatusOr<CommittedProgress> CommittedIn(rd_kafka_event_t* event,
                                              std::string_view what);

// Every partition of `topics`, `committed` unset. NOT_FOUND names the topic
// that does not exist; UNAVAILABLE when the cluster does not answer.
Promise<std::vector<GroupOffset>> Watermarks(Environment& environment,
                                             Handle client,
                                             std::vector<std::string> topics);

// The same of these partitions alone, whatever becomes of their topics' others.
Promise<std::vector<GroupOffset>> Watermarks(
    Environment& environment, Handle client,
    std::vector<TopicPartition> partitions);

// Asks what groups have committed, through a consumer of its own: a producer of
// librdkafka 2.0.2 does not survive the answer that the coordinator has moved.
// Loop thread only.
class GroupAsker {
 public:
  explicit GroupAsker(Environment& environment) : environment_(environment) {}
  ~GroupAsker() { Stop(); }
  GroupAsker(const GroupAsker&) = delete;
  GroupAsker& operator=(const GroupAsker&) = delete;

  // As Watermarks(), with what `group` committed.
  Promise<std::vector<GroupOffset>> Ask(std::string group,
                                        std::vector<std::string> topics);
  // What is asked for goes on.
  void Stop();

 private:
  Environment& environment_;
  Handle client_;  // kept for who asks again soon
  Timer unused_;
};

// The consumer groups of the cluster, by name. UNAVAILABLE when a broker does
// not answer, for each knows a part of them.
Promise<std::vector<std::string>> GroupNames(Environment& environment,
                                             Handle client);

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_OFFSETS_H_
