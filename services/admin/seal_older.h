// Seals what was recorded before personal fields were sealed (sealing.h), and
// what a program of before appends during an update.
//
// The hash of an entry is of the payload that it had, which cannot stay. So the
// sealed payload takes its place while the entry's hash, and with it every link
// of the chain, stays as it was; and what the hash would be now is noted in an
// entry that is appended, for verification to compare with. From that entry on
// the chain holds what the older entry says as firmly as before. Who can write
// past the triggers could exchange the payload of one that holds personal
// fields and append a note of the kind; nobody else can, and the note stays.
//
// Who was purged in the part that is sealed loses the key on the way.
#ifndef MILLRACE_SERVICES_ADMIN_SEAL_OLDER_H_
#define MILLRACE_SERVICES_ADMIN_SEAL_OLDER_H_

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/logger.h"
#include "loop/promise.h"
#include "services/admin/domain.h"
#include "store/database.h"

namespace millrace::admin {

// Goes through the trail from where it came to the last time, some entries to a
// transaction, each of which can be the last for now. An entry that is not what
// it was chained as stays as it is, for verification to find, and is logged.
// Loop thread; everything it is given outlives the promise.
Promise<void> SealOlder(store::Database& database, const Clock& clock,
                        Logger& logger);

// What the hashes of entries from `start` to `end` would be that were sealed
// later, as their notes say, by their ids. Inside a transaction.
std::map<int64_t, std::string> NotedHashes(store::Tx& tx, int64_t start,
                                           int64_t end);

// When a record says that somebody is gone for good, takes what the trail has
// of them out of it. Inside a transaction that has locked the trail.
void EraseWhoIsPurged(store::Tx& tx, const AuditRecord& record, absl::Time now);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_SEAL_OLDER_H_
