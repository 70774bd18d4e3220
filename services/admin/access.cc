#include "services/admin/access.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/strings.h"
#include "contract/access.h"
#include "contract/etag.h"

namespace millrace::admin {
namespace {

// What the database keeps: a change reads the same at once and later.
absl::Time Stored(absl::Time time) {
  return absl::FromUnixMicros(absl::ToUnixMicros(time));
}

bool HasOneFor(const Names& names, std::string_view permission) {
  return Covers(std::vector<std::string>(names.begin(), names.end()),
                permission);
}

}  // namespace

Names Access::Permissions() const {
  Names all = granted;
  for (const auto& [role, permissions] : roles) {
    all.insert(permissions.begin(), permissions.end());
  }
  return all;
}

void Grant(const Names& permissions, Access& access) {
  access.granted.insert(permissions.begin(), permissions.end());
}

absl::Status Revoke(const Names& permissions, Access& access) {
  const Names left = Without(access.granted, permissions);
  for (const std::string& permission : permissions) {
    for (const auto& [role, of_role] : access.roles) {
      if (!HasOneFor(of_role, permission)) continue;
      return absl::FailedPreconditionError(
          StrCat("user ", access.user_id, " has ", permission, " by the role ",
                 role, "; unassign the role, or change what it permits"));
    }
    if (!HasOneFor(left, permission)) continue;
    return absl::FailedPreconditionError(StrCat(
        "user ", access.user_id, " has ", permission,
        " by a permission that stands for several (", absl::StrJoin(left, ", "),
        "); revoke that one, and grant what is to stay"));
  }
  access.granted = left;
  return absl::OkStatus();
}

void Assign(const Role& role, Access& access) {
  access.roles[role.name] = role.permissions;
}

void Unassign(const std::string& role, Access& access) {
  access.roles.erase(role);
}

void Clear(Access& access) {
  access.granted.clear();
  access.roles.clear();
}

bool ChangedSince(const Access& before, absl::Time now, std::string_view by,
                  Access& after) {
  if (before.granted == after.granted && before.roles == after.roles) {
    return false;
  }
  after.revision = before.revision + 1;
  after.change_time = Stored(now);
  after.changed_by = std::string(by);
  return true;
}

bool Apply(const RoleChange& change, absl::Time now, Role& role) {
  Role changed = role;
  if (change.description) changed.description = *change.description;
  if (change.permissions) changed.permissions = *change.permissions;
  if (changed == role) return false;
  ++changed.revision;
  changed.update_time = Stored(now);
  role = std::move(changed);
  return true;
}

Names Without(const Names& names, const Names& others) {
  Names left;
  std::set_difference(names.begin(), names.end(), others.begin(), others.end(),
                      std::inserter(left, left.end()));
  return left;
}

std::string EtagOf(const Access& access) { return StrCat(access.revision); }
std::string EtagOf(const Role& role) { return StrCat(role.revision); }

absl::Status CheckEtag(const Access& access, std::string_view etag) {
  return MatchEtag(StrCat("what user ", access.user_id, " may do"),
                   EtagOf(access), etag);
}

absl::Status CheckEtag(const Role& role, std::string_view etag) {
  return MatchEtag(StrCat("role ", role.name), EtagOf(role), etag);
}

}  // namespace millrace::admin
