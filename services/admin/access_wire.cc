#include "services/admin/access_wire.h"

#include "admin/v1/access.derived.millrace.h"
#include "admin/v1/access.millrace.h"
#include "contract/rules.h"
#include "contract/time.h"
#include "users/v1/user.derived.millrace.h"

namespace millrace::admin {
namespace {

using Texts = google::protobuf::RepeatedPtrField<std::string>;

void Set(const Names& names, Texts* out) {
  out->Assign(names.begin(), names.end());
}

}  // namespace

::admin::v1::Admin ToAdmin(const ::users::v1::User& user, const Access& access,
                           const ::users::v1::User* granter) {
  ::admin::v1::Permissions permissions;
  Set(access.Permissions(), permissions.mutable_permissions());
  Set(access.granted, permissions.mutable_granted_permissions());
  for (const auto& [role, of_role] : access.roles) permissions.add_roles(role);
  permissions.set_permissions_etag(EtagOf(access));
  if (access.revision > 0) {
    SetTimestamp(access.change_time, permissions.mutable_grant_time());
  }
  if (granter != nullptr) {
    *permissions.mutable_granted_by() = ToUserRef(*granter);
  } else if (!access.changed_by.empty()) {
    permissions.mutable_granted_by()->set_id(access.changed_by);
  }
  return ::admin::v1::ToAdmin(user, permissions);
}

::admin::v1::Role ToRole(const Role& role) {
  ::admin::v1::Role out;
  out.set_name(role.name);
  out.set_description(role.description);
  Set(role.permissions, out.mutable_permissions());
  SetTimestamp(role.create_time, out.mutable_create_time());
  SetTimestamp(role.update_time, out.mutable_update_time());
  out.set_etag(EtagOf(role));
  return out;
}

Role FromRequest(const ::admin::v1::Role& role, absl::Time now) {
  // What the database keeps.
  const absl::Time time = absl::FromUnixMicros(absl::ToUnixMicros(now));
  return {.name = role.name(),
          .description = role.description(),
          .permissions = {role.permissions().begin(), role.permissions().end()},
          .create_time = time,
          .update_time = time};
}

absl::StatusOr<RoleChange> ToChange(
    const ::admin::v1::UpdateRoleRequest& request, const Role& role,
    const PermissionCatalogue& known) {
  ::admin::v1::Role changed = ToRole(role);
  if (request.has_update_mask()) {
    const absl::Status status =
        ApplyTo(request.role(), request.update_mask(), &changed);
    if (!status.ok()) return status;
  } else {
    ApplyTo(request.role(), &changed);
  }
  // The rules of the patch look at what is set; a mask can also clear.
  rules::Found found;
  const rules::Path root;
  Check(changed, root.Field("role"), found);
  if (const absl::Status status = found.ToStatus(); !status.ok()) return status;
  RoleChange change{.description = changed.description(),
                    .permissions = Names(changed.permissions().begin(),
                                         changed.permissions().end())};
  // Those it has already may be kept although there are none such any more.
  const absl::Status status = known.Check(
      Without(*change.permissions, role.permissions), "role.permissions");
  if (!status.ok()) return status;
  return change;
}

::admin::v1::PermissionsChanged ToChanged(const Access& before,
                                          const Access& after,
                                          const std::string& reason) {
  const Names had = before.Permissions();
  const Names has = after.Permissions();
  ::admin::v1::PermissionsChanged event;
  event.set_user_id(after.user_id);
  Set(has, event.mutable_permissions());
  SetTimestamp(after.change_time, event.mutable_change_time());
  event.set_changed_by(after.changed_by);
  Set(Without(has, had), event.mutable_added());
  Set(Without(had, has), event.mutable_removed());
  for (const auto& [role, permissions] : after.roles) event.add_roles(role);
  event.set_reason(reason);
  return event;
}

::admin::v1::RoleChanged ToRoleChanged(const Role& role, absl::Time when,
                                       const std::string& by, bool deleted) {
  ::admin::v1::RoleChanged event;
  event.set_role(role.name);
  Set(role.permissions, event.mutable_permissions());
  SetTimestamp(when, event.mutable_change_time());
  event.set_changed_by(by);
  event.set_deleted(deleted);
  return event;
}

}  // namespace millrace::admin
