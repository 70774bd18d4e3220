// A consumer group on the local log: its members, and who has which partition.
// Loop thread only; held by shared_ptr, because rebalancing takes its time.
#ifndef MILLRACE_BUS_LOCAL_LOCAL_GROUP_H_
#define MILLRACE_BUS_LOCAL_LOCAL_GROUP_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bus/local/local_log.h"
#include "bus/local/local_member.h"
#include "loop/promise.h"

namespace millrace::bus::local {

class LocalGroup final : public std::enable_shared_from_this<LocalGroup> {
 public:
  explicit LocalGroup(std::shared_ptr<LocalLog> log) : log_(std::move(log)) {}

  // Takes effect soon, not within the call.
  void Join(std::shared_ptr<LocalMember> member);
  // Resolves when the member has handed everything over, or had until `bound`.
  Promise<void> Leave(std::shared_ptr<LocalMember> member,
                      absl::Duration bound);
  // The member is gone already.
  void Lose(const std::shared_ptr<LocalMember>& member);

  // There are new topics, or new records.
  void Grown();

 private:
  using Self = std::shared_ptr<LocalGroup>;

  void Rebalance();
  static Promise<void> RebalanceUntilStable(Self self);
  static Promise<void> LeaveIt(Self self, std::shared_ptr<LocalMember> member,
                               absl::Duration bound);
  // The owners as they should be.
  std::map<TopicPartition, int> Wanted() const;
  std::shared_ptr<LocalMember> Find(int number) const;
  std::vector<std::string> Topics() const;

  const std::shared_ptr<LocalLog> log_;
  std::vector<std::shared_ptr<LocalMember>> members_;
  std::map<TopicPartition, int> owners_;  // by number of member
  bool rebalancing_ = false;
  bool again_ = false;
};

}  // namespace millrace::bus::local

#endif  // MILLRACE_BUS_LOCAL_LOCAL_GROUP_H_
