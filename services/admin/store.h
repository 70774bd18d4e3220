// The tables `audit` and `audit_head`, which nobody else touches: entries are
// added and never changed, but for older ones that are sealed (seal_older.h).
// Every function runs inside a transaction, on its worker thread, and throws
// StatusError.
#ifndef MILLRACE_SERVICES_ADMIN_STORE_H_
#define MILLRACE_SERVICES_ADMIN_STORE_H_

#include <vector>

#include "services/admin/chain.h"
#include "services/admin/domain.h"
#include "store/transaction.h"

namespace millrace::admin {

// Makes those who append wait for each other. Must come first in a transaction:
// on PostgreSQL whoever waits would otherwise see the trail as it was before
// the wait, lose, and run again.
void LockTrail(store::Tx& tx);

// How far the trail has come.
AuditHead ReadHead(store::Tx& tx);

// Adds an entry behind the head, as it is: Seal() comes before (sealing.h). A
// record without an id gets the next one.
void Append(store::Tx& tx, AuditRecord record);

// At most `limit` entries that match, behind `after`.
std::vector<AuditRecord> Find(store::Tx& tx, const AuditQuery& query,
                              const AuditPlace& after, int64_t limit);

// At most `limit` entries from `start` to `end`, both included, by their ids.
std::vector<AuditRecord> Range(store::Tx& tx, int64_t start, int64_t end,
                               int64_t limit);

// The last entry before `id`, as the head that the trail had then, without its
// number of entries.
AuditHead HeadBefore(store::Tx& tx, int64_t id);

// Rows from before there was a chain: the first ones are appended and taken
// away. False when there were none.
bool AdoptSome(store::Tx& tx, int64_t limit);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_STORE_H_
