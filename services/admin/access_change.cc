#include "services/admin/access_change.h"

#include <vector>

#include "admin/v1/events.millrace.h"
#include "base/status.h"
#include "base/strings.h"
#include "services/admin/access_store.h"
#include "services/admin/access_wire.h"

namespace millrace::admin {

using ::admin::v1::AdminEvents;

namespace {

// Writes the difference and tells of it, if there is any.
void Save(store::Tx& tx, const bus::Outbox& outbox, absl::Time now,
          const Access& before, const std::string& reason, Access& after) {
  const std::string& by = tx.context().identity.subject;
  if (!ChangedSince(before, now, by, after)) return;
  SaveAccess(tx, before, after);
  outbox.Emit<AdminEvents::PermissionsChanged>(
      tx, ToChanged(before, after, reason));
}

void Tell(store::Tx& tx, const bus::Outbox& outbox, absl::Time now,
          const Role& role, bool deleted) {
  outbox.Emit<AdminEvents::RoleChanged>(
      tx, ToRoleChanged(role, now, tx.context().identity.subject, deleted));
}

}  // namespace

Access ChangeAccess(store::Tx& tx, const bus::Outbox& outbox,
                    const Clock& clock, const AccessChange& change,
                    const ApplyAccess& apply) {
  const Access before = FindAccess(tx, change.user_id);
  ThrowIfError(CheckEtag(before, change.etag));
  Access after = before;
  apply(tx, after);
  Save(tx, outbox, clock.Now(), before, change.reason, after);
  return after;
}

void CreateRole(store::Tx& tx, const bus::Outbox& outbox, const Role& role) {
  InsertRole(tx, role);
  Tell(tx, outbox, role.create_time, role, false);
}

Role ChangeRole(store::Tx& tx, const bus::Outbox& outbox, const Clock& clock,
                const std::string& name, const std::string& etag,
                const std::function<RoleChange(const Role&)>& change) {
  const Role before = FindRole(tx, name);
  ThrowIfError(CheckEtag(before, etag));
  Role after = before;
  const absl::Time now = clock.Now();
  if (!Apply(change(before), now, after)) return before;
  std::vector<Access> members;
  if (before.permissions != after.permissions) {
    for (const std::string& user_id : Members(tx, name)) {
      members.push_back(FindAccess(tx, user_id));
    }
  }
  UpdateRole(tx, before, after);
  Tell(tx, outbox, now, after, false);
  for (const Access& member : members) {
    Access changed = member;
    Assign(after, changed);
    Save(tx, outbox, now, member, StrCat("role ", name, " was changed"),
         changed);
  }
  return after;
}

void RemoveRole(store::Tx& tx, const bus::Outbox& outbox, const Clock& clock,
                const std::string& name, const std::string& etag) {
  Role role = FindRole(tx, name);
  ThrowIfError(CheckEtag(role, etag));
  if (const auto members = Members(tx, name); !members.empty()) {
    Throw(absl::FailedPreconditionError(
        StrCat("role ", name, " is assigned to ", members.size(),
               members.size() == 1 ? " person" : " people", ", among them ",
               members[0], "; unassign it first")));
  }
  DeleteRole(tx, name);
  role.permissions.clear();
  Tell(tx, outbox, clock.Now(), role, true);
}

}  // namespace millrace::admin
