// A service as the fault tests need it: changes a database and emits an event
// of each change in the same transaction, publishes the outbox, and applies
// what it hears through an inbox; each part only when the options ask for it.
// Loop thread only.
//
// Where it can be told to die (Options::die):
//   before-commit   within the transaction, with everything written
//   after-commit    when a change is durable, before anybody published it
//   after-send      when a batch is on its way, before any answer
//   after-publish   when a batch of the outbox is durable on the topic
//   after-effect    when an event was applied, before its offset is committed
//   after-letter    when a dead letter is durable
#ifndef MILLRACE_TESTS_FAULTS_SERVICE_H_
#define MILLRACE_TESTS_FAULTS_SERVICE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "base/logger.h"
#include "base/metrics.h"
#include "bus/bus.h"
#include "bus/inbox.h"
#include "bus/outbox.h"
#include "bus/relay.h"
#include "bus/transport.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "store/database.h"
#include "tests/faults/mortal.h"
#include "tests/faults/options.h"

namespace millrace::faults {

// What a service says of itself; totals of its databases.
struct Progress {
  int64_t committed = 0;
  int64_t waiting = 0;  // in the outbox
  int64_t applied = 0;
};

class Service final : public EventListener {
 public:
  Service(EventLoop& loop, Options options, Logger& logger);
  ~Service() override;

  // Opens the databases, waiting for them, and begins.
  static Promise<void> Start(Service& self);
  // Ends in order: what is in flight is finished, what waits is published.
  static Promise<void> Stop(Service& self);

  static Promise<Progress> Look(Service& self);

  Promise<void> Deliver(const EventEnvelope& event) override;

 private:
  static Promise<void> OpenDatabase(Service& self, std::string url,
                                    std::unique_ptr<store::Database>* database);
  static Promise<void> StartEmitting(Service& self);
  static Promise<void> StartApplying(Service& self);
  // Changes the keys of one lane until there is nothing left to change.
  static Promise<void> Write(Service& self, int lane);
  // One transaction on `keys`; how many it changed.
  static Promise<int> Change(Service& self, std::vector<std::string> keys,
                             bool roll_back);
  static Promise<void> Apply(Service& self, const EventEnvelope& event);
  // Asks how far the group is behind, as services do, until it is stopped.
  static Promise<void> Measure(Service& self);
  void Acknowledge(const std::vector<std::string>& lines) const;

  EventLoop& loop_;
  const Options options_;
  const std::string dead_letter_topic_;
  Logger& logger_;
  NullMetrics metrics_;
  Mortal mortal_;
  EventInfo said_;
  ContractInfo contract_;
  std::unique_ptr<store::Database> emit_database_;
  std::unique_ptr<store::Database> apply_database_;
  std::unique_ptr<bus::Transport> kafka_;
  std::unique_ptr<bus::Transport> transport_;  // on kafka_
  std::unique_ptr<bus::Outbox> outbox_;
  std::unique_ptr<bus::Inbox> inbox_;
  std::unique_ptr<bus::OutboxRelay> relay_;
  std::unique_ptr<bus::Bus> bus_;
  bool stopping_ = false;
  int acks_ = -1;
};

}  // namespace millrace::faults

#endif  // MILLRACE_TESTS_FAULTS_SERVICE_H_
