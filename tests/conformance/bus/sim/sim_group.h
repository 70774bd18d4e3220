// A consumer group on the simulated log: members, who has which partition, and
// how far it has come. Loop thread only; held by shared_ptr, because
// rebalancing takes its time. The log owns it and outlives what it has under
// way.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_GROUP_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_GROUP_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "loop/promise.h"
#include "tests/conformance/bus/sim/sim_log.h"
#include "tests/conformance/bus/sim/sim_member.h"

namespace millrace::bus::sim {

class SimGroup final : public std::enable_shared_from_this<SimGroup> {
 public:
  SimGroup(SimLog& log, std::string name) : log_(log), name_(std::move(name)) {}

  void Join(std::shared_ptr<SimMember> member);
  // Resolves when the member has handed everything over.
  Promise<void> Leave(std::shared_ptr<SimMember> member, absl::Duration bound);
  // The process of the member is gone; the group learns it in time.
  void Died(std::shared_ptr<SimMember> member);
  // Its session has run out though it lives: its partitions go to others at
  // once, and it learns so within `after` and joins again.
  void Lose(std::shared_ptr<SimMember> member, absl::Duration after);
  // Gives the partitions out anew.
  void Rebalance();
  // There are new topics, or new records.
  void Grown();

  void Commit(const SimMember& member, const TopicPartition& partition,
              Progress progress);
  int64_t committed(const TopicPartition& partition) const;
  bool has_committed() const { return !offsets_.empty(); }

  const std::vector<std::shared_ptr<SimMember>>& members() const {
    return members_;
  }

 private:
  using Self = std::shared_ptr<SimGroup>;
  using Owners = std::map<TopicPartition, int>;

  struct Offset {
    Progress recorded;
    Progress durable;
  };

  static Promise<void> RebalanceUntilStable(Self self);
  static Promise<void> LeaveIt(Self self, std::shared_ptr<SimMember> member,
                               absl::Duration bound);
  void Remove(const std::shared_ptr<SimMember>& member);
  Owners Wanted();
  void Give(const Owners& wanted);
  std::shared_ptr<SimMember> Find(int number) const;
  void MakeDurable(const TopicPartition& id);
  // Where a new owner of the partition begins.
  Progress Start(const TopicPartition& id);

  SimLog& log_;
  const std::string name_;
  std::vector<std::shared_ptr<SimMember>> members_;
  Owners owners_;  // by number; also those of members that are leaving
  std::map<TopicPartition, Offset> offsets_;
  int joined_ = 0;
  bool rebalancing_ = false;
  bool again_ = false;
};

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_GROUP_H_
