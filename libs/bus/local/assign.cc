#include "bus/local/assign.h"

#include <algorithm>

namespace millrace::bus::local {

std::map<TopicPartition, int> Assign(
    const std::vector<TopicPartition>& partitions,
    const std::vector<int>& members,
    const std::map<TopicPartition, int>& owners) {
  std::map<TopicPartition, int> assigned;
  if (members.empty()) return assigned;
  std::map<int, size_t> load;
  for (const int member : members) load[member] = 0;
  // So many members may have one more than the others.
  const size_t least = partitions.size() / members.size();
  size_t extra = partitions.size() % members.size();
  for (const TopicPartition& partition : partitions) {
    const auto owner = owners.find(partition);
    if (owner == owners.end()) continue;
    const auto member = load.find(owner->second);
    if (member == load.end()) continue;
    if (member->second >= least) {
      if (member->second > least || extra == 0) continue;
      --extra;
    }
    ++member->second;
    assigned[partition] = owner->second;
  }
  for (const TopicPartition& partition : partitions) {
    if (assigned.contains(partition)) continue;
    const auto member = std::min_element(
        load.begin(), load.end(),
        [](const auto& a, const auto& b) { return a.second < b.second; });
    ++member->second;
    assigned[partition] = member->first;
  }
  return assigned;
}

}  // namespace millrace::bus::local
