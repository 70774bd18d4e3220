#include "bus/group_lag.h"

#include <map>

namespace millrace::bus {
namespace {

struct Standing {
  bool reads = false;  // has committed something
  int64_t lag = 0;
};

}  // namespace

Promise<std::vector<GroupLag>> ReadLags(
    Transport& transport, std::vector<std::string> topics,
    std::set<std::pair<std::string, std::string>> members) {
  std::vector<GroupLag> lags;
  if (topics.empty()) co_return lags;
  const std::vector<std::string> committed = co_await transport.Groups();
  std::set<std::string> groups(committed.begin(), committed.end());
  for (const auto& [topic, group] : members) groups.insert(group);
  std::map<std::pair<std::string, std::string>, int64_t> found;
  for (const std::string& group : groups) {
    const std::vector<GroupOffset> offsets =
        co_await transport.Offsets(group, topics);
    std::map<std::string, Standing> by_topic;
    for (const GroupOffset& offset : offsets) {
      Standing& standing = by_topic[offset.partition.topic];
      standing.reads |= offset.committed >= 0;
      standing.lag += offset.lag();
    }
    for (const auto& [topic, standing] : by_topic) {
      if (!standing.reads && !members.contains({topic, group})) continue;
      found[{topic, group}] = standing.lag;
    }
  }
  for (const auto& [key, lag] : found) {
    lags.push_back({key.first, key.second, lag});
  }
  co_return lags;
}

}  // namespace millrace::bus
