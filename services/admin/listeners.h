// Writes every event of every contract into the audit trail, once however
// often it is delivered.
#ifndef MILLRACE_SERVICES_ADMIN_LISTENERS_H_
#define MILLRACE_SERVICES_ADMIN_LISTENERS_H_

#include "base/clock.h"
#include "bus/inbox.h"
#include "contract/event.h"
#include "services/admin/domain.h"

namespace millrace::admin {

inline constexpr char kAuditGroup[] = "admin.audit";

class AuditListener final : public EventListener {
 public:
  // `inbox` and `clock` outlive it.
  AuditListener(bus::Inbox& inbox, const Clock& clock, Contracts contracts);

  Promise<void> Deliver(const EventEnvelope& envelope) override;

 private:
  bus::Inbox& inbox_;
  const Clock& clock_;
  const Contracts contracts_;
};

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_LISTENERS_H_
