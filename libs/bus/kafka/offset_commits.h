// What a group member has done with, on its way to the broker: gathers
// Commit() calls and sends them together, again when it did not work. Loop
// thread only; one of its requests is under way at a time.
#ifndef MILLRACE_BUS_KAFKA_OFFSET_COMMITS_H_
#define MILLRACE_BUS_KAFKA_OFFSET_COMMITS_H_

#include <librdkafka/rdkafka.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "bus/kafka/environment.h"
#include "bus/transport.h"
#include "loop/promise.h"

namespace millrace::bus::kafka {

class OffsetCommits {
 public:
  explicit OffsetCommits(Environment& environment);
  ~OffsetCommits();
  OffsetCommits(const OffsetCommits&) = delete;
  OffsetCommits& operator=(const OffsetCommits&) = delete;

  // Results come as events on `queue`, for OnResult().
  void Start(Handle client, rd_kafka_queue_t* queue);
  // The queue is about to change.
  void SetQueue(rd_kafka_queue_t* queue) { queue_ = queue; }
  // Nothing is sent any more.
  void Stop();

  // From here on commits of these are taken; of no others.
  void Assign(const std::vector<TopicPartition>& partitions);
  void Clear();
  // The partition's offsets begin anew: the next commit may be lower.
  void BeginAnew(const TopicPartition& partition);

  void Commit(const TopicPartition& partition, Progress progress);

  // Resolves when all is durable, or was refused for good.
  Promise<void> Flush();

  // The status is what went wrong for good: the partitions were lost.
  absl::Status OnResult(rd_kafka_event_t* event);

 private:
  struct Entry {
    Progress wanted;
    // Which of the progress that was wanted, counted from 1, is what.
    uint64_t version = 0;  // `wanted`
    uint64_t sent = 0;
    uint64_t durable = 0;
    size_t sent_bytes = 0;  // of the islands that were sent

    bool dirty() const { return durable < version; }
  };

  // The broker takes less beside an offset than this.
  void TakeLess(const TopicPartition& partition, size_t bytes);
  void Send();
  void SendSoon(absl::Duration delay);
  bool Dirty() const;

  Environment& environment_;
  Handle client_;
  rd_kafka_queue_t* queue_ = nullptr;
  absl::flat_hash_map<TopicPartition, Entry> entries_;
  bool sent_ = false;
  size_t room_ = kMaxFinishedText;  // for the islands of a partition
  Timer timer_;
  std::optional<Deferred<void>> flushed_;
};

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_OFFSET_COMMITS_H_
