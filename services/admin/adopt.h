// Rows of the trail from before it was a chain are chained when the service
// starts, in the order in which they were recorded and with their ids. The
// chain vouches for them from then on, not for what happened to them before.
//
// Loop thread only; the database outlives the promise.
#ifndef MILLRACE_SERVICES_ADMIN_ADOPT_H_
#define MILLRACE_SERVICES_ADMIN_ADOPT_H_

#include "loop/promise.h"
#include "store/database.h"

namespace millrace::admin {

// Resolves when there are none left. Other processes may do it too.
Promise<void> AdoptUnchained(store::Database& database);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_ADOPT_H_
