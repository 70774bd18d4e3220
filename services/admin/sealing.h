// How the trail can forget a person and stay what it was. What an entry tells
// of a person is kept encrypted under a key of that person's, and the hashes of
// the chain are of what is kept. Who throws the key away takes what it opens
// out of the trail, out of its copies too, without touching an entry: the chain
// holds as before, and nothing in it can be compared with what somebody
// guesses, as a digest of an e-mail address could.
//
// The keys are in `audit_keys`, which nobody else touches. The row of somebody
// who was erased stays, without a key: an event of theirs that comes later, as
// one that is replayed, is kept without what it tells of them.
//
// Limits: an event is on its topic, or a dead letter, as long as the contract
// has these kept. A copy of the database that has the key still opens what it
// has: its copies must not be kept for longer than it may take to forget.
//
// Every function runs inside a transaction, on its worker thread, and throws
// StatusError.
#ifndef MILLRACE_SERVICES_ADMIN_SEALING_H_
#define MILLRACE_SERVICES_ADMIN_SEALING_H_

#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "services/admin/domain.h"
#include "store/transaction.h"

namespace millrace::admin {

// The type of a payload whose personal part is sealed.
inline constexpr char kSealedType[] = "admin.v1.SealedPayload";

// As the trail keeps it. The first record of somebody makes their key, so
// LockTrail() comes before.
AuditRecord Seal(store::Tx& tx, AuditRecord record);

// The other way round: the payload as it came. What was erased, and what cannot
// be opened for another reason, is left out and named in `erased`.
void Open(store::Tx& tx, std::vector<AuditRecord>& records);

// Of records that the trail does not have, which are not sealed: leaves out
// what they tell of somebody who was erased.
void HideErased(store::Tx& tx, std::vector<AuditRecord>& records);

// Nobody can open any more what the trail has of them. False when that was done
// already. LockTrail() comes before.
bool Erase(store::Tx& tx, std::string_view data_subject, absl::Time now);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_SEALING_H_
