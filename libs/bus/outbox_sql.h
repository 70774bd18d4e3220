// The tables of the outbox. Plain functions for worker threads, inside a
// transaction; they throw what Tx throws.
//
//   millrace_outbox        one row per event that is not known to be published,
//                          and for ever those that the transport refused, with
//                          the reason in `refused`
//   millrace_outbox_lease  which relay publishes, when several processes share
//                          the database
#ifndef MILLRACE_BUS_OUTBOX_SQL_H_
#define MILLRACE_BUS_OUTBOX_SQL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "bus/transport.h"
#include "store/migration.h"
#include "store/transaction.h"

namespace millrace::bus {

std::vector<store::Migration> OutboxMigrations();

void InsertOutboxRow(store::Tx& tx, const std::string& event_id,
                     const Record& record);

struct OutboxRow {
  int64_t id = 0;
  std::string event_id;
  Record record;
};
// The oldest rows that were not refused, in the order of their ids: at most
// `max_rows`, and no more than `max_bytes` unless the first alone is larger.
std::vector<OutboxRow> ReadOutbox(store::Tx& tx, int max_rows,
                                  int64_t max_bytes);
bool OutboxIsEmpty(store::Tx& tx);

// What waits to be published; rows that were refused do not count.
struct OutboxBacklog {
  int64_t rows = 0;
  absl::Time oldest = absl::InfiniteFuture();  // when it was emitted
};
OutboxBacklog ReadOutboxBacklog(store::Tx& tx);
void DeleteOutboxRows(store::Tx& tx, const std::vector<int64_t>& ids);
void RefuseOutboxRow(store::Tx& tx, int64_t id, const std::string& reason);

// This transaction's commit does not wait for the disk of PostgreSQL. For what
// may be undone by a crash of the server, as what a relay notes: what it has
// published is then published again.
void DoNotWaitForDisk(store::Tx& tx);

// Takes or renews the lease; false when another owner has it. The time is the
// database's own. A lease that ends later than `duration` from now was taken
// before the clock was set back, and counts as over.
bool TakeLease(store::Tx& tx, const std::string& owner,
               absl::Duration duration);
void ReleaseLease(store::Tx& tx, const std::string& owner);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_OUTBOX_SQL_H_
