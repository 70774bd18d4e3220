// The table `audit`, which nobody else touches: rows are added and never
// changed. Every function runs inside a transaction, on its worker thread, and
// throws StatusError.
#ifndef MILLRACE_SERVICES_ADMIN_STORE_H_
#define MILLRACE_SERVICES_ADMIN_STORE_H_

#include <vector>

#include "services/admin/domain.h"
#include "store/transaction.h"

namespace millrace::admin {

void Append(store::Tx& tx, const AuditRecord& record);

// At most `limit` records that match and whose id is less than `before`, the
// newest first.
std::vector<AuditRecord> Find(store::Tx& tx, const AuditQuery& query,
                              int64_t before, int64_t limit);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_STORE_H_
