// What one simulated process has under way to the log: calls are written in
// their order and acknowledged in any. Loop thread only; held by shared_ptr.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_PUBLISHER_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_PUBLISHER_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bus/transport.h"
#include "loop/promise.h"
#include "tests/conformance/bus/sim/sim_log.h"

namespace millrace::bus::sim {

class SimPublisher final : public std::enable_shared_from_this<SimPublisher> {
 public:
  SimPublisher(std::shared_ptr<SimLog> log, std::string name)
      : log_(std::move(log)), name_(std::move(name)) {}

  Promise<void> Publish(std::vector<Record> records);
  // Calls that are not settled.
  size_t open() const { return open_; }
  // Resolves when there are none.
  Promise<void> Flushed();

  // The process is gone. What it had on the way is written, or not, or later
  // than what the next one writes; all its calls are rejected.
  void Kill();

 private:
  enum class Fate { kWritten, kRefused, kAckLost, kCut };
  struct Call {
    std::vector<Record> records;
    Fate fate = Fate::kWritten;
    Deferred<void> done;
  };

  Fate NextFate();
  void Pump();
  void WriteWhatIsDue();
  // The outcome; what of it is written is in the log then.
  absl::Status Write(Call& call);
  // Of each partition, from the front, as many as `cut` allows.
  void Append(std::vector<Record> records, size_t good, bool cut);
  void Settle(std::shared_ptr<Call> call, absl::Status status);

  const std::shared_ptr<SimLog> log_;
  const std::string name_;
  std::deque<std::shared_ptr<Call>> unwritten_;
  size_t open_ = 0;
  std::vector<Deferred<void>> flushing_;
  bool pumping_ = false;
  bool killed_ = false;
};

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_PUBLISHER_H_
