#include "services/admin/listeners.h"

#include <utility>

#include "base/status.h"
#include "services/admin/access_change.h"
#include "services/admin/seal_older.h"
#include "services/admin/sealing.h"
#include "services/admin/store.h"
#include "users/v1/events.millrace.h"

namespace millrace::admin {

AuditListener::AuditListener(bus::Inbox& inbox, const Clock& clock,
                             Contracts contracts)
    : inbox_(inbox), clock_(clock), contracts_(std::move(contracts)) {}

Promise<void> AuditListener::Deliver(const EventEnvelope& envelope) {
  const AuditRecord record =
      ValueOrThrow(ToRecord(contracts_, envelope, clock_.Now()));
  co_await inbox_.Once(
      envelope,
      [&](store::Tx& tx) {
        Append(tx, Seal(tx, record));
        EraseWhoIsPurged(tx, record, record.record_time);
      },
      &LockTrail);
}

AccessListener::AccessListener(bus::Inbox& inbox, bus::Outbox& outbox,
                               const Clock& clock)
    : inbox_(inbox), outbox_(outbox), clock_(clock) {}

Promise<void> AccessListener::Deliver(const EventEnvelope& envelope) {
  if (envelope.type != ::users::v1::UserEvents::Deleted::kType) co_return;
  ::users::v1::UserDeleted deleted;
  ThrowIfError(DecodePayload(envelope, &deleted));
  const AccessChange change = {.user_id = deleted.user_id(),
                               .reason = "the person was deleted"};
  co_await inbox_.Once(envelope, [&](store::Tx& tx) {
    ChangeAccess(tx, outbox_, clock_, change,
                 [](store::Tx&, Access& access) { Clear(access); });
  });
}

}  // namespace millrace::admin
