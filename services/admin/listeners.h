// What the service does when events arrive. Loop thread; everything the
// listeners are given outlives them.
#ifndef MILLRACE_SERVICES_ADMIN_LISTENERS_H_
#define MILLRACE_SERVICES_ADMIN_LISTENERS_H_

#include "base/clock.h"
#include "bus/inbox.h"
#include "bus/outbox.h"
#include "contract/event.h"
#include "services/admin/domain.h"

namespace millrace::admin {

inline constexpr char kAuditGroup[] = "admin.audit";
inline constexpr char kAccessGroup[] = "admin.access";

// Writes every event of every contract into the audit trail, once however
// often it is delivered; what it tells of people is sealed. With the entry that
// says that somebody is gone for good, what the trail has of them is.
class AuditListener final : public EventListener {
 public:
  AuditListener(bus::Inbox& inbox, const Clock& clock, Contracts contracts);

  Promise<void> Deliver(const EventEnvelope& envelope) override;

 private:
  bus::Inbox& inbox_;
  const Clock& clock_;
  const Contracts contracts_;
};

// Takes away what people had who are deleted. For users.v1.UserEvents.
class AccessListener final : public EventListener {
 public:
  AccessListener(bus::Inbox& inbox, bus::Outbox& outbox, const Clock& clock);

  // Passes over all others without reading them: what cannot be read is the
  // trail's to report.
  Promise<void> Deliver(const EventEnvelope& envelope) override;

 private:
  bus::Inbox& inbox_;
  bus::Outbox& outbox_;
  const Clock& clock_;
};

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_LISTENERS_H_
