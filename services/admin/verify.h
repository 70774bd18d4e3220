// Walks over the audit trail and computes its chain again, in pieces, so that
// neither a worker nor memory is taken for long. Entries that are added
// meanwhile do not count.
//
// Loop thread only; the database outlives the promise.
#ifndef MILLRACE_SERVICES_ADMIN_VERIFY_H_
#define MILLRACE_SERVICES_ADMIN_VERIFY_H_

#include <cstdint>
#include <optional>

#include "base/context.h"
#include "loop/promise.h"
#include "services/admin/chain.h"
#include "store/database.h"

namespace millrace::admin {

struct VerifyRange {
  // No aggregate: GCC 12 destroys one that is made within a co_await twice.
  VerifyRange() {}

  int64_t start = 0;  // 0: from the first entry
  int64_t end = 0;    // 0: to the last
  int64_t max_entries = 10'000;
  AuditHead kept;  // id 0: none
};

struct Verified {
  AuditHead last;         // `entries`: how many were looked at
  bool complete = false;  // nothing of the range is left
  std::optional<ChainBreak> first_break;
};

Promise<Verified> VerifyTrail(store::Database& database, CallContext context,
                              VerifyRange range);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_VERIFY_H_
