// One member of a group on the simulated log: delivers the records of its
// partitions to its owner. Loop thread only; shared by the consumer that its
// owner holds, the group, and what is under way.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_MEMBER_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_MEMBER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bus/transport.h"
#include "loop/promise.h"
#include "tests/conformance/bus/sim/sim_log.h"

namespace millrace::bus::sim {

class SimMember final : public std::enable_shared_from_this<SimMember> {
 public:
  SimMember(std::shared_ptr<SimLog> log, GroupSpec spec, ConsumerEvents& events)
      : log_(std::move(log)), spec_(std::move(spec)), events_(&events) {}

  const GroupSpec& spec() const { return spec_; }
  bool Wants(const std::string& topic) const;

  // Given by the group, another one each time it joins.
  int number = -1;
  // The group has taken it for dead, which it does not know yet.
  bool fenced = false;
  bool closing = false;

  // The group gives partitions, to be read from these offsets.
  void Assign(const std::map<TopicPartition, Progress>& given);
  // Asks for these back; resolves when the owner has answered or is out of
  // time.
  Promise<void> Revoke(std::vector<TopicPartition> taken, absl::Duration bound);
  // Resolves when all that is being revoked is.
  Promise<void> Revoked();
  // All partitions are gone.
  void TellLost();
  std::vector<TopicPartition> owned() const;
  bool Owns(const TopicPartition& id) const { return positions_.contains(id); }

  void SetPaused(const std::vector<TopicPartition>& partitions, bool paused);
  // There may be something to deliver.
  void Kick();

  // Its process is gone, or nobody listens: no callbacks from now on.
  void Silence() { events_ = nullptr; }
  bool silent() const { return events_ == nullptr; }
  // What a killed process does not get to see, but its coroutines must, so
  // that they end.
  void Kill();

 private:
  struct Position {
    int64_t next = 0;
    bool paused = false;
    bool leaving = false;
    uint64_t generation = 0;
  };
  using Self = std::shared_ptr<SimMember>;

  static Promise<void> RevokeThem(Self self, std::vector<TopicPartition> taken,
                                  absl::Duration bound);
  bool Readable(const TopicPartition& id, const Position& position) const;
  void Deliver();

  const std::shared_ptr<SimLog> log_;
  const GroupSpec spec_;
  ConsumerEvents* events_;
  std::map<TopicPartition, Position> positions_;
  std::vector<Promise<void>> revocations_;
  uint64_t generations_ = 0;
  bool pumping_ = false;
};

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_MEMBER_H_
