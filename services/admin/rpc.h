// admin.v1.AdminService. Loop thread; everything it is given outlives it.
#ifndef MILLRACE_SERVICES_ADMIN_RPC_H_
#define MILLRACE_SERVICES_ADMIN_RPC_H_

#include "admin/v1/admin.millrace.h"
#include "base/clock.h"
#include "bus/bus.h"
#include "services/admin/domain.h"
#include "store/database.h"

namespace millrace::admin {

class AdminRpc final : public ::admin::v1::AdminService {
 public:
  AdminRpc(store::Database& database, bus::Bus& bus, const Clock& clock,
           Contracts contracts);

  Promise<::admin::v1::QueryAuditResponse> QueryAudit(
      const Call& call, const ::admin::v1::QueryAuditRequest& request) override;

  // Straight from the bus, whichever process recorded the event.
  Stream<::admin::v1::WatchEventsResponse> WatchEvents(
      const Call& call,
      const ::admin::v1::WatchEventsRequest& request) override;

 private:
  store::Database& database_;
  bus::Bus& bus_;
  const Clock& clock_;
  const Contracts contracts_;
};

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_RPC_H_
