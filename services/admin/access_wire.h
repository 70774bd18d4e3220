// Permissions and roles between the domain's words and the contracts' messages.
// Pure.
#ifndef MILLRACE_SERVICES_ADMIN_ACCESS_WIRE_H_
#define MILLRACE_SERVICES_ADMIN_ACCESS_WIRE_H_

#include <string>

#include "absl/status/statusor.h"
#include "admin/v1/access.derived.pb.h"
#include "admin/v1/admin.pb.h"
#include "admin/v1/events.pb.h"
#include "services/admin/access.h"
#include "services/admin/permissions.h"
#include "users/v1/user.pb.h"

namespace millrace::admin {

// `granter`: who changed it last, as far as they are known.
::admin::v1::Admin ToAdmin(const ::users::v1::User& user, const Access& access,
                           const ::users::v1::User* granter);

::admin::v1::Role ToRole(const Role& role);

// A role that is to be, at its first revision.
Role FromRequest(const ::admin::v1::Role& role, absl::Time now);

// What the request makes of the role: INVALID_ARGUMENT when its mask names what
// cannot be changed, or when the role would not be one any more.
absl::StatusOr<RoleChange> ToChange(
    const ::admin::v1::UpdateRoleRequest& request, const Role& role,
    const PermissionCatalogue& known);

::admin::v1::PermissionsChanged ToChanged(const Access& before,
                                          const Access& after,
                                          const std::string& reason);
::admin::v1::RoleChanged ToRoleChanged(const Role& role, absl::Time when,
                                       const std::string& by, bool deleted);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_ACCESS_WIRE_H_
