// What has to be done so that a log has the topics that contracts ask for.
// Pure functions, any thread.
//
// Nothing is taken away: topics that no contract knows stay, and partitions are
// never fewer. More of them would send keys to other partitions than before,
// where their later events may be handled before the earlier ones; so that is
// refused unless it is allowed.
#ifndef MILLRACE_BUS_TOPIC_PLAN_H_
#define MILLRACE_BUS_TOPIC_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "bus/transport.h"

namespace millrace::bus {

struct ExistingTopic {
  std::string name;
  int partitions = 0;
  // Nothing: the topic does not say, and has the broker's.
  std::optional<absl::Duration> retention;
};

struct TopicChange {
  enum class Kind {
    kNone,        // it is as it should be
    kCreate,      // with partitions and retention of `wanted`
    kPartitions,  // more of them
    kRetention,
    kRefused,  // to be decided by somebody: `detail` says what and how
  };

  Kind kind = Kind::kNone;
  TopicSpec wanted;
  std::string detail;  // "8 partitions, retention 168h", "retention 24h -> 72h"
};

// In the order of `wanted`; a topic may have two changes. What `wanted` leaves
// to the default (zero) is not compared.
std::vector<TopicChange> PlanTopics(const std::vector<TopicSpec>& wanted,
                                    const std::vector<ExistingTopic>& existing,
                                    bool allow_more_partitions);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_TOPIC_PLAN_H_
