// The audit trail and dead letters between the domain's words and the
// contracts' messages; access_wire.h has permissions and roles. Pure.
#ifndef MILLRACE_SERVICES_ADMIN_WIRE_H_
#define MILLRACE_SERVICES_ADMIN_WIRE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "admin/v1/audit.pb.h"
#include "admin/v1/events.pb.h"
#include "bus/dead_letter.h"
#include "services/admin/domain.h"
#include "services/admin/verify.h"

namespace millrace::admin {

::admin::v1::AuditEntry ToEntry(const AuditRecord& record);
AuditQuery ToQuery(const ::admin::v1::QueryAuditRequest& request);

// Behind which entry the page begins: INVALID_ARGUMENT for a token that is
// none.
absl::StatusOr<AuditPlace> PlaceIn(const std::string& page_token);
std::string TokenOf(const AuditRecord& record);

::admin::v1::AuditHead ToHead(const AuditHead& head);
// INVALID_ARGUMENT when the hash of a head is none.
absl::StatusOr<VerifyRange> ToRange(
    const ::admin::v1::VerifyAuditRequest& request);
::admin::v1::VerifyAuditResponse ToResponse(const Verified& verified);

// One event for each consumer group, in the order of their names.
std::vector<::admin::v1::DeadLettersReplayed> ToReplayed(
    const std::vector<bus::DeadLetter>& letters, absl::Time when,
    const std::string& by);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_WIRE_H_
