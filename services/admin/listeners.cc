#include "services/admin/listeners.h"

#include <utility>

#include "base/status.h"
#include "services/admin/store.h"

namespace millrace::admin {

AuditListener::AuditListener(bus::Inbox& inbox, const Clock& clock,
                             Contracts contracts)
    : inbox_(inbox), clock_(clock), contracts_(std::move(contracts)) {}

Promise<void> AuditListener::Deliver(const EventEnvelope& envelope) {
  const AuditRecord record =
      ValueOrThrow(ToRecord(contracts_, envelope, clock_.Now()));
  co_await inbox_.Once(envelope, [&](store::Tx& tx) { Append(tx, record); });
}

}  // namespace millrace::admin
