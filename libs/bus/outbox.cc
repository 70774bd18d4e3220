#include "bus/outbox.h"

#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"
#include "bus/codec.h"
#include "bus/make_event.h"
#include "bus/outbox_sql.h"

namespace millrace::bus {

Outbox::Outbox(store::Database& database, std::string source,
               OutboxOptions options)
    : database_(database),
      source_(std::move(source)),
      options_(options),
      waker_(std::make_shared<Waker>()) {}

std::vector<store::Migration> Outbox::Migrations() {
  return OutboxMigrations();
}

std::string Outbox::Emit(store::Tx& tx, const ContractInfo& contract,
                         const EventInfo& info,
                         const google::protobuf::Message& payload,
                         std::string key, const EmitOptions& options) const {
  EventEnvelope event = MakeEvent(tx.context(), clock_, source_, info, payload,
                                  std::move(key), options, options_.spans);
  if (event.payload.size() > options_.max_payload_bytes) {
    Throw(absl::InvalidArgumentError(
        StrCat("event ", event.type, " has ", event.payload.size(),
               " bytes; at most ", options_.max_payload_bytes,
               " can be emitted. Put the data elsewhere and its address into "
               "the event")));
  }
  InsertOutboxRow(tx, event.id,
                  TakeRecord(&event, std::string(contract.topic)));
  tx.OnCommit([waker = waker_] {
    if (waker->wake) waker->wake();
  });
  std::string id = event.id;
  if (options_.spans != nullptr) {
    tx.OnCommit([spans = options_.spans, event = std::move(event),
                 topic = contract.topic, parent = tx.context().trace.span_id] {
      spans->Record(EmitSpan(event, topic, parent, absl::Now()));
    });
  }
  return id;
}

void Outbox::OnCommitted(std::function<void()> callback) {
  waker_->wake = std::move(callback);
}

}  // namespace millrace::bus
