// A member of a consumer group: one librdkafka consumer on the loop. Loop
// thread only; held by shared_ptr, since a hand-over may outlast its owner.
//
// Each partition has a queue of its own. A paused partition is one whose queue
// is not read: nothing that was fetched is thrown away, librdkafka stops
// fetching when the queue is full, and heartbeats go on by themselves.
#ifndef MILLRACE_BUS_KAFKA_GROUP_MEMBER_H_
#define MILLRACE_BUS_KAFKA_GROUP_MEMBER_H_

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bus/kafka/environment.h"
#include "bus/kafka/offset_commits.h"
#include "bus/kafka/offsets.h"
#include "bus/kafka/reachability.h"
#include "bus/kafka/wake.h"
#include "bus/transport.h"
#include "loop/promise.h"

namespace millrace::bus::kafka {

class GroupMember : public std::enable_shared_from_this<GroupMember> {
 public:
  static absl::StatusOr<std::shared_ptr<GroupMember>> Join(
      Environment& environment, Reachability& reachability, GroupSpec spec,
      ConsumerEvents& events);
  ~GroupMember();

  // As Consumer's.
  void Commit(const TopicPartition& partition, Progress progress);
  void Pause(const std::vector<TopicPartition>& partitions);
  void Resume(const std::vector<TopicPartition>& partitions);
  Promise<void> Close(absl::Duration bound);
  // No more callbacks; the group is left without a word.
  void Abandon();

  // Not OK when the member cannot go on: another took its name.
  const absl::Status& health() const { return health_; }

 private:
  struct Partition {
    TopicPartition id;
    rd_kafka_queue_t* queue = nullptr;
    bool paused = false;
    int64_t last = -1;  // the offset of the record that was delivered last
  };
  // What a turn found.
  struct Delivery {
    std::vector<Record> records;
    std::vector<std::pair<rd_kafka_resp_err_t, std::string>> errors;
    size_t bytes = 0;
  };
  struct Rebalance {
    bool assign = false;
    std::vector<TopicPartition> partitions;
  };

  GroupMember(Environment& environment, Reachability& reachability,
              GroupSpec spec, ConsumerEvents& events);
  absl::Status Subscribe();

  bool Turn();
  bool DrainEvents();
  bool Deliver();
  // The next thing that the partition's queue has; false when that is nothing.
  bool Read(Partition& partition, Delivery* delivery);
  // So that no partition stands still because its queue was full.
  void KeepFetching(const Delivery& delivery);
  void OnEvent(rd_kafka_event_t* event);
  void OnError(rd_kafka_resp_err_t error, const char* text);
  void OnFatal(const char* text);
  void Trouble(absl::Status status);

  void OnRebalance(rd_kafka_event_t* event);
  void NextRebalance();
  // Takes partitions, from where the group has come in them, which is asked for
  // until there is an answer. librdkafka would ask for the offset by itself,
  // but keeps to itself what is beside it, and 2.0.2 never asks again when the
  // coordinator has moved: the partitions would stand still.
  static Promise<void> Take(std::shared_ptr<GroupMember> self,
                            std::vector<TopicPartition> partitions);
  Promise<CommittedProgress> AskCommitted(
      const std::vector<TopicPartition>& partitions);
  void OnCommitted(rd_kafka_event_t* event);
  void Assign(std::vector<TopicPartition> partitions,
              const CommittedProgress& committed);
  void Unassign();
  // Gives up all partitions: tells the owner and, unless they are lost already,
  // waits for it until `bound` and makes its commits durable.
  static Promise<void> HandOver(std::shared_ptr<GroupMember> self, Revoked how,
                                absl::Duration bound = absl::ZeroDuration());
  static Promise<void> Revoke(std::shared_ptr<GroupMember> self);
  static Promise<void> CloseNow(std::shared_ptr<GroupMember> self,
                                absl::Duration bound);
  // Was shut out because of an outage, as far as can be known.
  bool ShutOutByOutage() const;
  // From now on there is to be an assignment, if an empty one, within a time.
  void AwaitAssignment();
  // There was none: joins anew. A coordinator that the other brokers have lost
  // sight of goes on answering: it lets members join, gives none of them
  // partitions, and names itself when asked who coordinates. librdkafka 2.0.2
  // asks the broker it talked to last, so it would stay there; a new client
  // begins with any.
  void OnNoAssignment();
  // With another client, for the reason given.
  static Promise<void> JoinAnew(std::shared_ptr<GroupMember> self,
                                absl::Status reason);
  // Everything that belongs to client_.
  void DropClient();
  std::vector<TopicPartition> TakePartitions();
  void Release();

  Environment& environment_;
  Reachability& reachability_;
  const GroupSpec spec_;
  ConsumerEvents* events_;  // null once abandoned
  OffsetCommits commits_;
  Wake wake_;
  Handle client_;                      // null once released
  rd_kafka_queue_t* queue_ = nullptr;  // of all but records
  Timer poll_;
  Timer patience_;        // until an assignment
  int without_ = 0;       // times in a row that none came
  bool joining_ = false;  // anew

  std::vector<Partition> partitions_;
  size_t turn_of_ = 0;     // the partition that is read first
  size_t read_bytes_ = 0;  // since brokers' threads were woken
  std::deque<Rebalance> rebalances_;
  // While partitions are being taken or handed over.
  std::optional<Deferred<void>> changing_;
  std::optional<Deferred<CommittedProgress>> asking_;
  bool closing_ = false;  // and all is handed over
  Promise<void> close_;
  Deferred<void> closed_;  // librdkafka is done with the group
  int64_t lost_ms_ = -1;   // when partitions were last lost; -1: never
  absl::Status health_;
  std::string last_trouble_;
  int64_t last_trouble_ms_ = 0;
};

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_GROUP_MEMBER_H_
