// Which consumer groups read some topics, and how far behind each is. Loop
// thread only; the transport outlives the promise.
#ifndef MILLRACE_BUS_GROUP_LAG_H_
#define MILLRACE_BUS_GROUP_LAG_H_

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bus/transport.h"
#include "loop/promise.h"

namespace millrace::bus {

struct GroupLag {
  std::string topic;
  std::string group;
  int64_t lag = 0;  // records that the group is not done with

  bool operator==(const GroupLag&) const = default;
};

// By topic, then by group. `members` are pairs of topic and group that are
// known to belong together, though the group may not have committed anything
// yet.
Promise<std::vector<GroupLag>> ReadLags(
    Transport& transport, std::vector<std::string> topics,
    std::set<std::pair<std::string, std::string>> members);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_GROUP_LAG_H_
