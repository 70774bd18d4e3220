// A log in memory for the simulated transport: topics, groups, and how both
// misbehave. Several transports, each standing for a process, share one.
//
// It keeps the promises of bus/transport.h, and with faults it keeps no more
// than these: whatever they leave open is decided by dice. Without faults it
// is prompt and tidy.
//
// Loop thread only; held by shared_ptr, because what is under way comes back.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_LOG_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_LOG_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bus/transport.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "tests/conformance/bus/sim/random.h"

namespace millrace::bus::sim {

class SimGroup;

// Probabilities are per occasion, durations are upper bounds.
struct Faults {
  absl::Duration delay;  // of a write, an acknowledgement, a fetch, a rebalance
  int batch = 128;       // records of one OnRecords()
  size_t max_record_bytes = 1 << 20;
  // Of a Publish(): refused with nothing written; written with the answer
  // lost; of each partition some records from the front written. Each of them
  // is rejected with UNAVAILABLE.
  double refuse = 0;
  double lose_ack = 0;
  double cut = 0;
  // While the log is away: the call waits, instead of being rejected.
  double hold = 0;
  // Of an assignment: it begins before the committed offset.
  double rewind = 0;
  // Partitions go to any member, instead of staying where they are.
  bool shuffle = false;
  // After which a commit is durable: a member that dies takes what is not.
  absl::Duration commit_delay;
  absl::Duration revoke_bound = absl::Seconds(30);
  absl::Duration session = absl::Seconds(1);  // exactly so long
};

class SimLog final : public std::enable_shared_from_this<SimLog> {
 public:
  using Partition = std::vector<Record>;

  SimLog(EventLoop& loop, uint64_t seed, Faults faults);
  ~SimLog();
  SimLog(const SimLog&) = delete;
  SimLog& operator=(const SimLog&) = delete;

  void Create(const std::vector<TopicSpec>& topics);
  // Nullptr when the topic does not exist.
  const std::vector<Partition>* Find(const std::string& topic) const;
  const Partition& At(const TopicPartition& id) const;

  // Whether this record can be taken at all.
  absl::Status Check(const Record& record) const;
  // Where it goes: the topic exists.
  int PartitionFor(const Record& record);
  void Append(Record record, int partition);
  // Tells the members and tails; after Append().
  void Grown();
  // Resolves at the next Grown().
  Promise<void> grown() const { return grown_.promise(); }

  SimGroup& GroupOf(const std::string& name);
  const std::map<std::string, std::shared_ptr<SimGroup>>& groups() const {
    return groups_;
  }

  void SetAway(bool away);
  bool away() const { return away_; }

  // Within a random part of `most`; in the next turn when that is zero.
  void Later(absl::Duration most, std::function<void()> task);
  Promise<void> Pause(absl::Duration most);

  EventLoop& loop() { return loop_; }
  Random& random() { return random_; }
  Faults& faults() { return faults_; }

  // What happens, for who watches.
  void Note(const std::string& text) {
    if (on_note) on_note(text);
  }
  bool noted() const { return on_note != nullptr; }
  std::function<void(const std::string& text)> on_note;
  std::function<void(const Record& record)> on_append;
  // Of every call, also one that is ignored.
  std::function<void(const std::string& group, const TopicPartition& partition,
                     const Progress& progress)>
      on_commit;

 private:
  EventLoop& loop_;
  Random random_;
  Faults faults_;
  std::map<std::string, std::vector<Partition>> topics_;
  std::map<std::string, std::shared_ptr<SimGroup>> groups_;
  Deferred<void> grown_;
  bool away_ = false;
};

std::string NameOf(const TopicPartition& id);

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_LOG_H_
