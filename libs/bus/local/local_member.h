// One member of a group on the local log: reads its partitions and hands the
// records to its owner. Loop thread only; shared by the consumer that its owner
// holds, the group, and the read that is under way.
#ifndef MILLRACE_BUS_LOCAL_LOCAL_MEMBER_H_
#define MILLRACE_BUS_LOCAL_LOCAL_MEMBER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bus/local/local_log.h"
#include "bus/transport.h"
#include "loop/promise.h"

namespace millrace::bus::local {

class LocalMember final : public std::enable_shared_from_this<LocalMember> {
 public:
  LocalMember(std::shared_ptr<LocalLog> log, GroupSpec spec, int number,
              ConsumerEvents& events)
      : log_(std::move(log)),
        spec_(std::move(spec)),
        number_(number),
        events_(events) {}

  int number() const { return number_; }
  const GroupSpec& spec() const { return spec_; }
  bool Wants(const std::string& topic) const;

  // The group gives and takes partitions.
  void Assign(const std::vector<std::shared_ptr<LocalLog::Partition>>& given);
  Promise<void> Revoke(std::vector<TopicPartition> taken, absl::Duration bound);
  std::vector<TopicPartition> owned() const;

  void Commit(const TopicPartition& partition, Progress progress);
  void SetPaused(const std::vector<TopicPartition>& partitions, bool paused);

  // There may be something to read.
  void Kick();
  // No callback from now on.
  void Silence() { silent_ = true; }
  bool silent() const { return silent_; }

 private:
  struct Position {
    std::shared_ptr<LocalLog::Partition> partition;
    int64_t next = 0;
    bool paused = false;
    bool leaving = false;  // commits are taken, records are not delivered
    // Changes when a read that is under way must not count.
    uint64_t generation = 0;
  };
  using Self = std::shared_ptr<LocalMember>;

  static Promise<void> Fetch(Self self);
  static Promise<void> GiveBack(Self self, std::vector<TopicPartition> taken,
                                absl::Duration bound);
  bool Readable(const Position& position) const;
  void Deliver(std::vector<Record> records,
               const std::map<TopicPartition, uint64_t>& asked);

  const std::shared_ptr<LocalLog> log_;
  const GroupSpec spec_;
  const int number_;
  ConsumerEvents& events_;
  std::map<TopicPartition, Position> positions_;
  uint64_t generations_ = 0;
  bool fetching_ = false;
  bool silent_ = false;
};

}  // namespace millrace::bus::local

#endif  // MILLRACE_BUS_LOCAL_LOCAL_MEMBER_H_
