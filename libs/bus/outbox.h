// Events emitted in the same transaction as the change they tell of.
//
//   co_await database.Transact(context, [&](store::Tx& tx) {
//     people.Insert(tx, person);
//     outbox.Emit<UserEvents::Created>(tx, created);
//   });
//
// The promise: an event is published if and only if the transaction committed;
// events of one key in the order in which they were emitted; each at least
// once. What makes it so, and what a killed process leaves:
//
//   killed before the commit           no change, no row, no event
//   after it, before publishing        the row is there: the relay (relay.h) of
//                                      the next process publishes it
//   after publishing, before the row   the event is published again, with the
//   is deleted                         same id: an inbox (inbox.h) drops it
//
// Emit() is for the worker thread that runs the transaction; the rest belongs
// to the loop. The database outlives the outbox.
#ifndef MILLRACE_BUS_OUTBOX_H_
#define MILLRACE_BUS_OUTBOX_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/span.h"
#include "bus/make_event.h"
#include "contract/event.h"
#include "store/database.h"
#include "store/migration.h"
#include "store/transaction.h"

namespace millrace::bus {

// The module name under which Outbox::Migrations() are applied.
inline constexpr char kOutboxModule[] = "bus_outbox";

struct OutboxOptions {
  // A larger payload is refused when it is emitted, where somebody can still
  // do something about it. Brokers take 1 MiB with headers unless told
  // otherwise.
  size_t max_payload_bytes = 900 * 1024;
  // Is told of each event when its transaction has committed. Outlives the
  // outbox.
  SpanSink* spans = nullptr;
};

class Outbox {
 public:
  // `source` says in every event who emitted it: "/users".
  Outbox(store::Database& database, std::string source,
         OutboxOptions options = {});
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  static std::vector<store::Migration> Migrations();

  // Returns the id of the event. Throws INVALID_ARGUMENT when the payload is
  // too large, else what the transaction throws. Trace and cause of the event
  // are those of tx.context(); without a trace a new one begins.
  template <typename E>
  std::string Emit(store::Tx& tx, const typename E::Payload& payload,
                   const EmitOptions& options = {}) const {
    const ContractInfo& contract = E::Contract::Info();
    return Emit(tx, contract, contract.events[E::kIndex], payload,
                E::Key(payload), options);
  }
  std::string Emit(store::Tx& tx, const ContractInfo& contract,
                   const EventInfo& event,
                   const google::protobuf::Message& payload, std::string key,
                   const EmitOptions& options = {}) const;

  // Loop: called after each commit that emitted something.
  void OnCommitted(std::function<void()> callback);

  store::Database& database() const { return database_; }

 private:
  struct Waker {
    std::function<void()> wake;
  };

  store::Database& database_;
  const std::string source_;
  const OutboxOptions options_;
  const SystemClock clock_;
  // Shared with commits that are on their way to the loop.
  const std::shared_ptr<Waker> waker_;
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_OUTBOX_H_
