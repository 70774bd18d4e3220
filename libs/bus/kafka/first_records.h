// Which records of a topic may be on their way to its brokers at once.
//
// A broker refuses what does not follow the producer's last record in a
// partition, but takes anything of a producer it knows nothing of. So of two
// requests it may refuse the first, because it has only just come to lead the
// partition, and take the second; for librdkafka 2.0.2 the second's success is
// the first's too, which is in no log. Therefore no second record goes to a
// partition before its broker has acknowledged one of the producer's.
//
// Of one topic and one producer. Knows no clock; one thread.
#ifndef MILLRACE_BUS_KAFKA_FIRST_RECORDS_H_
#define MILLRACE_BUS_KAFKA_FIRST_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/container/flat_hash_map.h"

namespace millrace::bus::kafka {

class FirstRecords {
 public:
  // Brokers forget a producer after a day without a record of it
  // (producer.id.expiration.ms, which is seldom set).
  static constexpr int64_t kMemoryMs = 60 * 60 * 1000;

  // 0, as in the beginning: it is not known. What is under way when it changes
  // may come to another partition than it went to.
  void SetPartitions(int count);

  // Whether a record may go there; nothing: the partition is chosen later.
  bool MayGo(std::optional<int> partition, int64_t now_ms) const;
  void Went(std::optional<int> partition, int64_t now_ms);
  // A record that went is acknowledged, or given up; the partition is -1 when
  // it has not come as far as to one. Whether others may go that could not.
  bool Came(int partition, bool acknowledged, int64_t now_ms);

 private:
  struct Partition {
    std::optional<int64_t> acknowledged_ms;  // the last one
    bool first_under_way = false;
  };

  static bool Knows(const Partition& partition, int64_t now_ms);
  bool AllKnow(int64_t now_ms) const;
  // Of one that is in no use yet too.
  Partition Of(int partition) const;
  // Whether there were any under way.
  bool ForgetFirsts();

  int count_ = 0;
  absl::flat_hash_map<int, Partition> partitions_;
  size_t under_way_ = 0;
  // One of these may be the first of any partition.
  bool anywhere_ = false;
};

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_FIRST_RECORDS_H_
