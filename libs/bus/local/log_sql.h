// The log of the local transport as tables. Plain functions for worker
// threads, inside a transaction; they throw what Tx throws.
//
//   millrace_log_partitions   one row per partition: topic, number, the range
//                             of offsets it has, how long records are kept
//   millrace_log_records      the records; id = ref << 40 | offset, so that a
//                             partition is one range of the primary key and
//                             appending goes to its end
//   millrace_log_offsets      what each group has committed per partition: the
//                             offset, and the islands beyond it as progress.h
//                             writes them
#ifndef MILLRACE_BUS_LOCAL_LOG_SQL_H_
#define MILLRACE_BUS_LOCAL_LOG_SQL_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "bus/transport.h"
#include "store/migration.h"
#include "store/transaction.h"

namespace millrace::bus::local {

std::vector<store::Migration> LogMigrations();

// Names a partition in the tables.
using Ref = int64_t;

struct PartitionRow {
  Ref ref = 0;
  TopicPartition id;
  int64_t begin = 0;
  int64_t end = 0;
};

struct OffsetRow {
  std::string group;
  Ref ref = 0;
  Progress progress;
};

std::vector<PartitionRow> LoadPartitions(store::Tx& tx);
std::vector<OffsetRow> LoadOffsets(store::Tx& tx);

// The partitions of the topic, which is made when it does not exist.
std::vector<PartitionRow> CreateTopic(store::Tx& tx, const TopicSpec& spec);

struct Appended {
  Ref ref = 0;
  Record record;
};
// The new ends of the partitions that were appended to.
std::map<Ref, int64_t> Append(store::Tx& tx,
                              const std::vector<Appended>& records);

// Leaves nothing, but fails where Append() would.
void WriteAndDelete(store::Tx& tx);

struct Range {
  Ref ref = 0;
  TopicPartition id;
  int64_t from = 0;
  int64_t to = 0;  // exclusive
};
// In the order of the offsets, at most `max_records`, and no more than
// `max_bytes` unless the first one alone is larger.
std::vector<Record> ReadRange(store::Tx& tx, const Range& range,
                              int max_records, int64_t max_bytes);

void StoreOffsets(store::Tx& tx, const std::vector<OffsetRow>& offsets);

struct Cleaned {
  std::map<Ref, int64_t> begins;  // new begins of the partitions that shrank
  bool more = false;              // stopped at the bound
};
// Deletes from the beginning of each partition what is older than its topic
// keeps, at most `max_records` altogether.
Cleaned Clean(store::Tx& tx, absl::Time now, int max_records);

}  // namespace millrace::bus::local

#endif  // MILLRACE_BUS_LOCAL_LOG_SQL_H_
