// How far a tail has come, as a text that its reader keeps and gives back: the
// next offset of each partition of its topics. A value; any thread.
//
// The text is base64url of "1" and, for each topic, "NAME:OFFSET,OFFSET,...;"
// in the order of the partitions. Nobody but this file reads it.
#ifndef MILLRACE_BUS_TAIL_POSITION_H_
#define MILLRACE_BUS_TAIL_POSITION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bus/transport.h"

namespace millrace::bus {

class TailPosition {
 public:
  // Of nothing for the empty text. INVALID_ARGUMENT when it is no position.
  static absl::StatusOr<TailPosition> Parse(std::string_view text);
  std::string ToText() const;

  // Nothing for a partition that it does not know.
  std::optional<int64_t> Next(const TopicPartition& partition) const;
  bool Knows(const std::string& topic) const {
    return next_.find(topic) != next_.end();
  }
  // Partitions of a topic are set from 0 on.
  void Set(const TopicPartition& partition, int64_t next);

 private:
  std::map<std::string, std::vector<int64_t>> next_;  // by topic
};

// Where a tail that was at `old` goes on, `now` being what there is; where that
// is not to be had, it begins with what is kept, and `missed` says so.
struct TailPlan {
  TailPosition position;  // of all that there is
  std::vector<TailStart> starts;
  bool missed = false;
};

// Topics that `old` does not know begin as `from` says; their partitions that
// it does not know were added since, and begin at their beginning.
TailPlan PlanTail(const TailPosition& old, TailFrom from,
                  const std::vector<GroupOffset>& now);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_TAIL_POSITION_H_
