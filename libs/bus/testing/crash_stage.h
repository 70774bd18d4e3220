// A small service on files, for crash_child.cc, which is killed at a chosen
// point, and crash_test.cc, which looks at what that left: a database with an
// outbox, an inbox and a table of effects, and an embedded bus.
#ifndef MILLRACE_BUS_TESTING_CRASH_STAGE_H_
#define MILLRACE_BUS_TESTING_CRASH_STAGE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "bus/bus.h"
#include "bus/inbox.h"
#include "bus/local/local_transport.h"
#include "bus/outbox.h"
#include "bus/relay.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "store/database.h"

namespace millrace::bus::testing {

inline constexpr char kGroup[] = "group";

const ContractInfo& CrashContract();
// The "<key>:<text>" of an event.
std::string TextOf(const EventEnvelope& event);

class CrashStage {
 public:
  explicit CrashStage(std::string directory);

  // Opens the databases and the transport.
  static Promise<void> Open(CrashStage& stage);
  static Promise<void> Close(CrashStage& stage);

  // Adds the effect and emits the event in one transaction; `in_tx` runs at
  // its end, on the worker thread.
  Promise<void> Change(std::string text, std::function<void()> in_tx = nullptr);
  std::unique_ptr<OutboxRelay> NewRelay(Transport& transport);

  // Texts, in the order of the rows.
  Promise<std::vector<std::string>> Rows(std::string table);

  EventLoop& loop() { return loop_; }
  store::Database& database() { return *database_; }
  Transport& transport() { return *transport_; }
  Inbox& inbox() { return *inbox_; }
  Logger& logger() { return logger_; }
  Metrics& metrics() { return metrics_; }

 private:
  const std::string directory_;
  EventLoop loop_;
  NullLogger logger_;
  NullMetrics metrics_;
  const SystemClock clock_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::Database> log_database_;
  std::unique_ptr<local::LocalTransport> transport_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Inbox> inbox_;
};

// Notes each event in the table "applied", through the inbox. Events whose
// text ends in "!" are never right.
class Applier final : public EventListener {
 public:
  explicit Applier(Inbox& inbox, std::function<void()> after = nullptr)
      : inbox_(inbox), after_(std::move(after)) {}

  Promise<void> Deliver(const EventEnvelope& event) override {
    return Apply(*this, event);
  }

 private:
  static Promise<void> Apply(Applier& self, const EventEnvelope& event);

  Inbox& inbox_;
  const std::function<void()> after_;  // once an event was applied
};

}  // namespace millrace::bus::testing

#endif  // MILLRACE_BUS_TESTING_CRASH_STAGE_H_
