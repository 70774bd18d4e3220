// Between the domain's words and the contracts' messages. Pure.
#ifndef MILLRACE_SERVICES_ADMIN_WIRE_H_
#define MILLRACE_SERVICES_ADMIN_WIRE_H_

#include "admin/v1/admin.pb.h"
#include "services/admin/domain.h"

namespace millrace::admin {

::admin::v1::AuditEntry ToEntry(const AuditRecord& record);
AuditQuery ToQuery(const ::admin::v1::QueryAuditRequest& request);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_WIRE_H_
