// What a person may do: permissions that were granted to them, and those of
// their roles. Pure: no I/O, no clock, no wire.
#ifndef MILLRACE_SERVICES_ADMIN_ACCESS_H_
#define MILLRACE_SERVICES_ADMIN_ACCESS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace millrace::admin {

using Names = std::set<std::string>;

struct Access {
  std::string user_id;
  Names granted;
  std::map<std::string, Names> roles;  // the permissions of each
  int64_t revision = 0;                // 0: never changed
  absl::Time change_time;
  std::string changed_by;  // a subject; empty when nobody is known

  // All that the person may do.
  Names Permissions() const;
  bool operator==(const Access&) const = default;
};

struct Role {
  std::string name;
  std::string description;
  Names permissions;
  int64_t revision = 1;
  absl::Time create_time;
  absl::Time update_time;

  bool operator==(const Role&) const = default;
};

// The changes of a person's access. A change that changes nothing leaves it as
// it is; whether it did, ChangedSince() says.
void Grant(const Names& permissions, Access& access);
// FAILED_PRECONDITION when the person would still have one of them, by a role
// or by a permission that stands for several: it would be thought to be gone.
absl::Status Revoke(const Names& permissions, Access& access);
void Assign(const Role& role, Access& access);
void Unassign(const std::string& role, Access& access);
void Clear(Access& access);

// Whether what was granted, the roles, or what they mean are others than
// before. Then `after` gets its revision, time and author.
bool ChangedSince(const Access& before, absl::Time now, std::string_view by,
                  Access& after);

struct RoleChange {
  std::optional<std::string> description;
  std::optional<Names> permissions;
};

// Applies the change; false, and the role as before, when it changes nothing.
bool Apply(const RoleChange& change, absl::Time now, Role& role);

// Names that are in `names` and not in `others`.
Names Without(const Names& names, const Names& others);

std::string EtagOf(const Access& access);
std::string EtagOf(const Role& role);

// ABORTED when `etag` is given and the thing has changed since it was read.
absl::Status CheckEtag(const Access& access, std::string_view etag);
absl::Status CheckEtag(const Role& role, std::string_view etag);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_ACCESS_H_
