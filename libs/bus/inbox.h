// Makes the effects of an event happen once, however often it is delivered.
//
//   co_await inbox.Once(event.envelope, [&](store::Tx& tx) { ... });
//
// The note that the event was seen and the effects are one transaction:
//
//   killed before the commit                 neither: it is delivered again and
//                                            has its effects then
//   after it, before the offset is committed both: it is delivered again and
//                                            the note stops it
//   the effects throw                        neither: it is retried
//   delivered twice at the same time         one waits for the other, and is
//                                            stopped if that one committed
//
// So effects must go through the transaction: rows, and events through an
// Outbox on the same database. Notes are kept for `retention` since the event
// came last, and at least for as long as events of the contracts can come again
// (contract_topics.h). Older ones are deleted a few at a time, by the way.
//
// Loop thread only; the function runs on a worker thread, maybe more than once,
// like all functions of transactions. The database outlives the inbox's
// promises.
#ifndef MILLRACE_BUS_INBOX_H_
#define MILLRACE_BUS_INBOX_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "bus/codec.h"
#include "contract/event.h"
#include "loop/promise.h"
#include "store/database.h"
#include "store/migration.h"

namespace millrace::bus {

// The module name under which Inbox::Migrations() are applied.
inline constexpr char kInboxModule[] = "bus_inbox";

struct InboxOptions {
  absl::Duration retention = absl::Hours(24 * 30);
  // Every so many events, at most so many old notes are deleted.
  int clean_every = 256;
  int clean_batch = 1024;
};

class Inbox {
  struct Nothing {
    void operator()(store::Tx&) const {}
  };

 public:
  // `consumer` is the consumer group: each has its own notes.
  Inbox(store::Database& database, std::string consumer,
        InboxOptions options = {});
  // For listeners of these contracts.
  Inbox(store::Database& database, std::string consumer,
        const std::vector<const ContractInfo*>& contracts,
        InboxOptions options = {});
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  static std::vector<store::Migration> Migrations();

  // How long a note is kept.
  absl::Duration retention() const { return options_.retention; }

  // Runs `effects(tx)` unless the event was seen before; false if it was. The
  // context of the transaction is the event's (codec.h, ContextOf). Rejects
  // with what `effects` or the transaction throws.
  //
  // `before(tx)` is the first that the transaction does, also when the event
  // was seen: for a lock that must be had before PostgreSQL takes its snapshot.
  //
  // Rejects, too, when the event is not to be finished here any more.
  template <typename F, typename B = Nothing>
  Promise<bool> Once(const EventEnvelope& envelope, F effects, B before = {}) {
    if (envelope.signal.aborted()) {
      return Promise<bool>::Reject(envelope.signal.reason());
    }
    return database_.Transact(
        ContextOf(envelope),
        [note = NextNote(envelope), effects = std::move(effects),
         before = std::move(before)](store::Tx& tx) mutable {
          before(tx);
          if (!Take(tx, note)) return false;
          effects(tx);
          return true;
        });
  }

 private:
  struct Note {
    std::string consumer;
    std::string source;
    std::string event_id;
    int64_t seen_ms = 0;
    int64_t clean_before_ms = 0;  // 0: do not clean this time
    int clean_batch = 0;
  };

  Note NextNote(const EventEnvelope& envelope);
  static bool Take(store::Tx& tx, const Note& note);

  store::Database& database_;
  const std::string consumer_;
  const InboxOptions options_;
  int64_t taken_ = 0;
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_INBOX_H_
