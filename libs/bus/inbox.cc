#include "bus/inbox.h"

#include <algorithm>

#include "bus/contract_topics.h"
#include "loop/event_loop.h"

namespace millrace::bus {

Inbox::Inbox(store::Database& database, std::string consumer,
             InboxOptions options)
    : database_(database), consumer_(std::move(consumer)), options_(options) {}

Inbox::Inbox(store::Database& database, std::string consumer,
             const std::vector<const ContractInfo*>& contracts,
             InboxOptions options)
    : Inbox(database, std::move(consumer), [&] {
        for (const ContractInfo* contract : contracts) {
          options.retention =
              std::max(options.retention, ComesAgainWithin(*contract));
        }
        return options;
      }()) {}

std::vector<store::Migration> Inbox::Migrations() {
  return {{1, "inbox", R"sql(
    CREATE TABLE millrace_inbox (
      consumer TEXT NOT NULL,
      source TEXT NOT NULL,
      event_id TEXT NOT NULL,
      seen_ms BIGINT NOT NULL,
      PRIMARY KEY (consumer, event_id, source)
    );
    CREATE INDEX millrace_inbox_by_age ON millrace_inbox (consumer, seen_ms);
  )sql"}};
}

Inbox::Note Inbox::NextNote(const EventEnvelope& envelope) {
  const absl::Time now = EventLoop::Current()->Now();
  Note note{consumer_, envelope.source, envelope.id, absl::ToUnixMillis(now)};
  if (taken_++ % options_.clean_every == 0) {
    note.clean_before_ms = absl::ToUnixMillis(now - options_.retention);
    note.clean_batch = options_.clean_batch;
  }
  return note;
}

bool Inbox::Take(store::Tx& tx, const Note& note) {
  const store::Params row = {{"consumer", note.consumer},
                             {"source", note.source},
                             {"event_id", note.event_id},
                             {"seen_ms", note.seen_ms}};
  const int64_t inserted = tx.Execute(
      "INSERT INTO millrace_inbox (consumer, source, event_id, seen_ms) "
      "VALUES (:consumer, :source, :event_id, :seen_ms) "
      "ON CONFLICT DO NOTHING",
      row);
  if (inserted == 0) {
    // It may come again for as long as from now on: a replay is in the topic
    // anew, and a letter of it would be a new one.
    tx.Execute(
        "UPDATE millrace_inbox SET seen_ms = :seen_ms WHERE "
        "consumer = :consumer AND event_id = :event_id AND source = :source "
        "AND seen_ms < :seen_ms",
        row);
    return false;
  }
  if (note.clean_batch > 0) {
    tx.Execute(
        "DELETE FROM millrace_inbox WHERE consumer = :consumer "
        "AND (event_id, source) IN "
        "(SELECT event_id, source FROM millrace_inbox "
        "WHERE consumer = :consumer AND seen_ms < :before "
        "ORDER BY seen_ms LIMIT :count)",
        store::Params{{"consumer", note.consumer},
                      {"before", note.clean_before_ms},
                      {"count", note.clean_batch}});
  }
  return true;
}

}  // namespace millrace::bus
