// The templates a new platform begins with.
#ifndef MILLRACE_SERVICES_TEMPLATES_SEED_H_
#define MILLRACE_SERVICES_TEMPLATES_SEED_H_

#include "absl/time/time.h"
#include "store/transaction.h"

namespace millrace::templates {

// Publishes the templates of all messages (listeners.h) in several languages,
// each unless somebody has made, archived or erased it already. Worker thread,
// inside a transaction.
void SeedTemplates(store::Tx& tx, absl::Time now);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_SEED_H_
