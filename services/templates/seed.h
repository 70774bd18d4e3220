// The templates a new platform begins with.
#ifndef MILLRACE_SERVICES_TEMPLATES_SEED_H_
#define MILLRACE_SERVICES_TEMPLATES_SEED_H_

#include "absl/time/time.h"
#include "store/transaction.h"

namespace millrace::templates {

// Publishes a "welcome" in several languages, each unless a version of it is
// there already. Worker thread, inside a transaction.
void SeedTemplates(store::Tx& tx, absl::Time now);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_SEED_H_
