// One process's end of the simulated log.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_TRANSPORT_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_TRANSPORT_H_

#include <memory>
#include <string>
#include <vector>

#include "bus/transport.h"
#include "loop/abort.h"
#include "tests/conformance/bus/sim/sim_log.h"
#include "tests/conformance/bus/sim/sim_member.h"
#include "tests/conformance/bus/sim/sim_publisher.h"

namespace millrace::bus::sim {

class SimTransport final : public Transport {
 public:
  // `name` stands in the notes.
  SimTransport(std::shared_ptr<SimLog> log, std::string name);
  ~SimTransport() override;

  Promise<void> Publish(std::vector<Record> records) override;
  Promise<void> EnsureTopics(std::vector<TopicSpec> topics) override;
  absl::StatusOr<std::unique_ptr<Consumer>> Join(
      GroupSpec spec, ConsumerEvents& events) override;
  Stream<Record> Tail(std::vector<std::string> topics, TailFrom from,
                      bool follow) override;
  Stream<Record> TailAt(std::vector<TailStart> starts, bool follow) override;
  Promise<std::vector<GroupOffset>> Offsets(
      std::string group, std::vector<std::string> topics) override;
  Promise<std::vector<std::string>> Groups() override;
  absl::Status health() override;
  Promise<void> Close(absl::Duration bound) override;

  // The process of this transport is killed: nothing of it reaches the log any
  // more but what was on its way, the groups wait for its sessions to run out.
  // Its owner's coroutines see their partitions lost and their calls rejected,
  // so that they end; the transport outlives them.
  void Kill();

  // Consumers that exist.
  int consumers() const { return *consumers_; }
  size_t publishing() const { return publisher_->open(); }

 private:
  class SimConsumer;

  Stream<Record> Read(std::vector<TailStart> starts, bool follow);
  static Promise<void> RunTail(std::shared_ptr<SimLog> log, AbortSignal closed,
                               std::vector<TailStart> starts, bool follow,
                               StreamWriter<Record> writer);
  static Promise<void> CloseIt(std::shared_ptr<SimPublisher> publisher,
                               absl::Duration bound);
  absl::Status Away() const;

  const std::shared_ptr<SimLog> log_;
  const std::shared_ptr<SimPublisher> publisher_;
  std::vector<std::weak_ptr<SimMember>> members_;
  const std::shared_ptr<int> consumers_ = std::make_shared<int>(0);
  AbortController closed_;
};

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIM_TRANSPORT_H_
