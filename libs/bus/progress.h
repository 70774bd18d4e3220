// How far a group has come in a partition: everything before an offset, and
// the islands of finished records beyond it. A log keeps the offset in a field
// of its own and the islands as a short text beside it (Kafka: the metadata of
// the commit), so that who goes on from there redoes only what was not
// finished. Plain values and functions; any thread.
#ifndef MILLRACE_BUS_PROGRESS_H_
#define MILLRACE_BUS_PROGRESS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::bus {

// Offsets from `begin` on, without `end`.
struct OffsetRange {
  int64_t begin = 0;
  int64_t end = 0;

  friend bool operator==(const OffsetRange&, const OffsetRange&) = default;
};

struct Progress {
  Progress() = default;
  Progress(int64_t next, std::vector<OffsetRange> ahead = {})
      : next_offset(next), finished(std::move(ahead)) {}

  // All records before it are done with; -1: none is.
  int64_t next_offset = -1;
  // Those beyond it that are done with: ascending, apart from each other and
  // from next_offset, none empty.
  std::vector<OffsetRange> finished;

  friend bool operator==(const Progress&, const Progress&) = default;
};

// What Kafka takes with a commit, unless its offset.metadata.max.bytes says
// otherwise, is 4096 bytes; a smaller text leaves room for nobody else's but
// keeps commits of many partitions small.
inline constexpr size_t kMaxFinishedText = 2048;

// The islands as printable ASCII: "millrace/1 3+2,10+1" are two records that
// begin three beyond next_offset, and one that begins ten beyond those. Empty
// without any. Ranges at the end that do not fit are left out: their records
// will be seen again, no more.
std::string FinishedToText(const Progress& progress,
                           size_t max_bytes = kMaxFinishedText);

// The islands beyond `next_offset`; none when the text is not of our making.
std::vector<OffsetRange> FinishedFromText(int64_t next_offset,
                                          std::string_view text);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_PROGRESS_H_
