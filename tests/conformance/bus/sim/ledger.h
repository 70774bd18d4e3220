// What must hold in a simulation, and whether it does: watched while it runs,
// so that a violation is told where it happens, and once more at the end.
//
//   - An event is applied at most once per group, only if it was committed, and
//     never if its handler gives it up.
//   - The events of a key are first applied in the order of their commits: what
//     is passed over is a durable dead letter or was never taken by the log.
//   - An offset is committed only when every record below it is applied or a
//     durable dead letter of the group.
//   - Of one key at most one handler runs in a subscription.
//   - At the end each committed event is applied, or a dead letter if and only
//     if that is what its handler decides.
//
// Loop thread only.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_LEDGER_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_LEDGER_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bus/transport.h"
#include "tests/conformance/bus/sim/sim_log.h"
#include "tests/conformance/bus/sim/text.h"

namespace millrace::bus::sim {

class Ledger {
 public:
  Ledger(const SimLog& log, std::string topic, std::string dead_letter_topic)
      : log_(log),
        topic_(std::move(topic)),
        dead_letter_topic_(std::move(dead_letter_topic)) {}

  // The number that the next committed event of the key will have.
  int NextNumber(const std::string& key) const;
  void Committed(const Text& text);
  void Applied(const std::string& group, const Text& text);
  void Appended(const Record& record);
  void ProgressCommitted(const std::string& group, const TopicPartition& id,
                         const Progress& progress);
  void Finish(const std::vector<std::string>& groups);

  void Fail(std::string what);
  const std::vector<std::string>& failures() const { return failures_; }

  int64_t committed() const { return committed_count_; }
  int64_t applied() const { return applied_count_; }
  int64_t letters() const { return static_cast<int64_t>(letters_.size()); }
  int64_t refused() const;
  int64_t deliveries = 0;

 private:
  using Place = std::tuple<std::string, int, int64_t>;  // group, where

  bool IsDone(const std::string& group, const Record& record) const;
  // Fails unless the record was done when `what` was committed.
  bool CheckDone(const std::string& group, const TopicPartition& id,
                 int64_t offset, const std::string& what);
  // Whether the group may pass over this committed event.
  bool MayBeSkipped(const std::string& group, const Text& text) const;

  const SimLog& log_;
  const std::string topic_;
  const std::string dead_letter_topic_;
  std::vector<std::string> failures_;
  std::map<std::string, std::vector<Kind>> committed_;  // by key and number
  int64_t committed_count_ = 0;
  int64_t applied_count_ = 0;
  std::set<std::pair<std::string, std::string>> applied_;    // group, text
  std::map<std::pair<std::string, std::string>, int> last_;  // group, key
  std::set<std::pair<std::string, std::string>> buried_;     // group, text
  std::set<Place> letters_;
  std::map<std::pair<std::string, TopicPartition>, int64_t> checked_;
};

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_LEDGER_H_
