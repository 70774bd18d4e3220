// What the bus needs of a message log: topics of partitions of records, and
// consumer groups that remember how far they have come. One interface, one
// conformance suite (tests/conformance/bus), two implementations: local/
// (embedded, in SQLite) and kafka/.
//
// Every method is for the thread of the loop that the transport was made on,
// and every callback comes on it, within EventLoop::Dispatch. A transport
// outlives its consumers and tails.
//
// What a transport promises:
//   Durable.     A record that Publish() acknowledged survives a killed
//   process. Whole.       A record arrives with the bytes, headers (names,
//   order,
//                duplicates) and time it was published with.
//   Ordered.     Records of one key go to one partition, in the order of the
//                calls and within a call in the order of the vector; a consumer
//                sees a partition in the order of its offsets.
//   At least once. Each group sees each record at least once. It sees one
//                again when its offset was not committed before the partition
//                changed hands or the process died.
//   Shared.      Each partition belongs to one member of a group at a time.
//   From the start. A group without a committed offset begins with the oldest
//                record that is kept.
#ifndef MILLRACE_BUS_TRANSPORT_H_
#define MILLRACE_BUS_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bus/headers.h"
#include "bus/progress.h"
#include "loop/promise.h"
#include "loop/stream.h"

namespace millrace::bus {

struct Record {
  std::string topic;
  std::string key;  // empty: no key, any partition
  Headers headers;
  std::string value;
  bool has_value = true;  // false: a tombstone, `value` is empty
  // To the millisecond; unset (epoch): when published, or on what arrives that
  // the log was given none that it could take.
  absl::Time time;
  // Set on what arrives. Publish() ignores `offset`, and takes `partition`
  // only when it is not negative (else PartitionOf(key), partitioner.h).
  int partition = -1;
  int64_t offset = -1;

  // Of key, headers and value.
  size_t bytes() const { return key.size() + value.size() + headers.bytes(); }
};

struct TopicPartition {
  std::string topic;
  int partition = 0;

  auto operator<=>(const TopicPartition&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const TopicPartition& p) {
    return H::combine(std::move(h), p.topic, p.partition);
  }
};

struct TopicSpec {
  std::string name;
  int partitions = 0;  // 0: the transport's default
  absl::Duration retention = absl::ZeroDuration();  // zero: the default
};

struct GroupSpec {
  std::string group;
  std::vector<std::string> topics;
  // Names this member through restarts (static membership); unique within the
  // group among live members. Empty: a new member at every join.
  std::string member_id;
};

// Where a group stands in one partition.
struct GroupOffset {
  TopicPartition partition;
  int64_t committed = -1;  // the next offset to read; -1: none committed yet
  int64_t begin = 0;       // the oldest offset that is kept
  int64_t end = 0;         // the offset that the next record will get

  int64_t lag() const { return end - (committed < begin ? begin : committed); }
};

// A partition as a member gets it.
struct AssignedPartition {
  TopicPartition id;
  // Islands that the group has committed beyond its offset. Their records come
  // all the same, and need not be worked on.
  std::vector<OffsetRange> finished;
};

enum class TailFrom { kBeginning, kEnd };

// Where a tail begins in one partition.
struct TailStart {
  TopicPartition partition;
  int64_t offset = 0;
};

enum class Revoked {
  kHandedOver,  // commits are still taken until the promise has settled
  kLost,  // taken away already: stop, what is in flight will be seen again
};

// What a consumer tells its owner. Outlives the consumer.
class ConsumerEvents {
 public:
  virtual ~ConsumerEvents() = default;

  // Comes before the first record of these partitions. They are not paused,
  // and begin at the group's committed offset.
  virtual void OnAssigned(std::vector<AssignedPartition> partitions) = 0;

  // No record of these partitions comes after this call. The transport gives
  // them away when the promise has settled or its own bound has passed, and
  // makes the commits of the meantime durable first.
  virtual Promise<void> OnRevoked(std::vector<TopicPartition> partitions,
                                  Revoked how) = 0;

  // At least one record, all of assigned and unpaused partitions, in order of
  // offset within each. The vector's length is bounded by the transport. An
  // offset that is not above the last one of its partition says that the topic
  // was deleted and made anew: commits begin anew too.
  virtual void OnRecords(std::vector<Record> records) = 0;

  // The transport is in trouble and goes on trying: for the log.
  virtual void OnTrouble(const absl::Status& status) = 0;
};

// A member of a group. Destroyed without Close(): no more callbacks, and the
// group waits for its session to run out, as if the process had died.
class Consumer {
 public:
  virtual ~Consumer() = default;

  // All records before progress.next_offset are done with, and the islands
  // beyond it; replaces what was committed before. Recorded at once, made
  // durable soon (and before the partition changes hands); a lower offset than
  // before, or a partition that is not ours, is ignored. Islands may be lost.
  virtual void Commit(const TopicPartition& partition, Progress progress) = 0;

  // After Pause() no record of these partitions is delivered until Resume(),
  // which goes on with the record after the last one delivered. Membership
  // does not suffer however long it takes. Partitions not ours are ignored.
  virtual void Pause(const std::vector<TopicPartition>& partitions) = 0;
  virtual void Resume(const std::vector<TopicPartition>& partitions) = 0;

  // Revokes everything (kHandedOver), for which the owner has until `bound` in
  // place of the transport's own, flushes the commits and leaves the group. No
  // callback comes after it resolved. A second call gives the same.
  virtual Promise<void> Close(absl::Duration bound) = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Resolves when every record is durable. Rejected, any of them may have
  // been written, but of one key no record without all that came before it in
  // the vector: the caller may publish the same vector again and only make
  // duplicates.
  //   UNAVAILABLE, DEADLINE_EXCEEDED: the log is away; try again later.
  //   INVALID_ARGUMENT: a record will never be taken (too large, say).
  //   NOT_FOUND: a topic does not exist.
  virtual Promise<void> Publish(std::vector<Record> records) = 0;

  // Creates the topics that do not exist; one that does stays as it is. A
  // transport may be told not to create any: then UNAVAILABLE names what is
  // missing.
  virtual Promise<void> EnsureTopics(std::vector<TopicSpec> topics) = 0;

  // Becomes a member of a group; records come once partitions are assigned.
  // Topics need not exist yet. `events` outlives the consumer.
  virtual absl::StatusOr<std::unique_ptr<Consumer>> Join(
      GroupSpec spec, ConsumerEvents& events) = 0;

  // Reads without a group and commits nothing. Without `follow` the stream
  // ends after the records that were there when it was opened; with it, it
  // ends when it is cancelled or the transport closes. Order is kept within a
  // partition. Fails with NOT_FOUND when a topic does not exist. Where the end
  // is for kEnd is decided soon after the call, not within it.
  virtual Stream<Record> Tail(std::vector<std::string> topics, TailFrom from,
                              bool follow) = 0;

  // As Tail(), of these partitions, each from an offset on; from the oldest
  // record that is kept when that is past its retention, and from the end when
  // the partition does not go so far.
  virtual Stream<Record> TailAt(std::vector<TailStart> starts, bool follow) = 0;

  // Where `group` stands in every partition of these topics. Need not be a
  // member of it. "" is no group, and has committed nothing.
  virtual Promise<std::vector<GroupOffset>> Offsets(
      std::string group, std::vector<std::string> topics) = 0;

  // The groups that have committed an offset, of whatever topic and whether or
  // not they have members now; in the order of their names.
  virtual Promise<std::vector<std::string>> Groups() = 0;

  // OK while records flow; UNAVAILABLE with the reason while the log is away.
  virtual absl::Status health() = 0;

  // Finishes what was published within `bound`, ends all tails; consumers are
  // closed by their owners before. DEADLINE_EXCEEDED when records were left of
  // which the fate is unknown. Publish() is refused (UNAVAILABLE) from then on.
  virtual Promise<void> Close(absl::Duration bound) = 0;
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_TRANSPORT_H_
