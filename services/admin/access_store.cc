#include "services/admin/access_store.h"

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "contract/access.h"

namespace millrace::admin {
namespace {

Names NamesIn(const std::vector<store::Row>& rows, const char* column) {
  Names names;
  for (const store::Row& row : rows) names.insert(row.Text(column));
  return names;
}

Names PermissionsOf(store::Tx& tx, const std::string& role) {
  return NamesIn(
      tx.Query("SELECT permission FROM role_permissions WHERE role = :role",
               {{"role", role}}),
      "permission");
}

Role FromRow(store::Tx& tx, const store::Row& row) {
  return {.name = row.Text("name"),
          .description = row.Text("description"),
          .permissions = PermissionsOf(tx, row.Text("name")),
          .revision = row.Int("revision"),
          .create_time = absl::FromUnixMicros(row.Int("create_time")),
          .update_time = absl::FromUnixMicros(row.Int("update_time"))};
}

Names RolesOf(const Access& access) {
  Names names;
  for (const auto& [role, permissions] : access.roles) names.insert(role);
  return names;
}

// Makes a table that had `before` for an owner have `after`.
void Replace(store::Tx& tx, const std::string& table,
             const std::string& owner_column, const std::string& owner,
             const std::string& column, const Names& before,
             const Names& after) {
  for (const std::string& name : Without(before, after)) {
    tx.Execute(StrCat("DELETE FROM ", table, " WHERE ", owner_column,
                      " = :owner AND ", column, " = :name"),
               {{"owner", owner}, {"name", name}});
  }
  for (const std::string& name : Without(after, before)) {
    tx.Execute(StrCat("INSERT INTO ", table, " (", owner_column, ", ", column,
                      ") VALUES (:owner, :name)"),
               {{"owner", owner}, {"name", name}});
  }
}

}  // namespace

Access FindAccess(store::Tx& tx, const std::string& user_id) {
  Access access{.user_id = user_id};
  const auto row = tx.QueryOne(
      "SELECT revision, change_time, changed_by FROM access WHERE user_id = "
      ":user_id",
      {{"user_id", user_id}});
  if (!row) return access;
  access.revision = row->Int("revision");
  access.change_time = absl::FromUnixMicros(row->Int("change_time"));
  access.changed_by = row->Text("changed_by");
  access.granted =
      NamesIn(tx.Query("SELECT permission FROM grants WHERE user_id = :user_id",
                       {{"user_id", user_id}}),
              "permission");
  for (const std::string& role : NamesIn(
           tx.Query("SELECT role FROM role_members WHERE user_id = :user_id",
                    {{"user_id", user_id}}),
           "role")) {
    access.roles.emplace(role, PermissionsOf(tx, role));
  }
  return access;
}

void SaveAccess(store::Tx& tx, const Access& before, const Access& after) {
  Replace(tx, "grants", "user_id", after.user_id, "permission", before.granted,
          after.granted);
  Replace(tx, "role_members", "user_id", after.user_id, "role", RolesOf(before),
          RolesOf(after));
  tx.Execute(
      "INSERT INTO access (user_id, revision, holdings, change_time, "
      "changed_by) VALUES (:user_id, :revision, :holdings, :change_time, "
      ":changed_by) ON CONFLICT (user_id) DO UPDATE SET revision = :revision, "
      "holdings = :holdings, change_time = :change_time, changed_by = "
      ":changed_by",
      {{"user_id", after.user_id},
       {"revision", after.revision},
       {"holdings",
        static_cast<int64_t>(after.granted.size() + after.roles.size())},
       {"change_time", absl::ToUnixMicros(after.change_time)},
       {"changed_by", after.changed_by}});
}

std::vector<std::string> ListHolders(store::Tx& tx, const std::string& after,
                                     const std::string& permission,
                                     int64_t limit) {
  store::Params params = {{"after", after}, {"limit", limit}};
  std::string sql =
      "SELECT user_id FROM access WHERE holdings > 0 AND user_id > :after "
      "ORDER BY user_id LIMIT :limit";
  if (!permission.empty()) {
    std::string names;
    for (std::string& name : NamesThatCover(permission)) {
      const std::string key = StrCat("name", params.size());
      StrAppend(&names, names.empty() ? ":" : ", :", key);
      params.push_back({key, std::move(name)});
    }
    sql = StrCat(
        "SELECT user_id FROM grants WHERE permission IN (", names,
        ") AND user_id > :after UNION SELECT role_members.user_id FROM "
        "role_permissions JOIN role_members ON role_members.role = "
        "role_permissions.role WHERE role_permissions.permission IN (",
        names,
        ") AND role_members.user_id > :after ORDER BY user_id LIMIT :limit");
  }
  std::vector<std::string> ids;
  for (const store::Row& row : tx.Query(sql, params)) {
    ids.push_back(row.Text("user_id"));
  }
  return ids;
}

Role FindRole(store::Tx& tx, const std::string& name) {
  const auto row = tx.QueryOne(
      "SELECT name, description, revision, create_time, update_time FROM roles "
      "WHERE name = :name",
      {{"name", name}});
  if (!row) {
    Throw(absl::NotFoundError(StrCat("there is no role '", name, "'")));
  }
  return FromRow(tx, *row);
}

void InsertRole(store::Tx& tx, const Role& role) {
  const int64_t rows = tx.Execute(
      "INSERT INTO roles (name, description, revision, create_time, "
      "update_time) VALUES (:name, :description, :revision, :create_time, "
      ":update_time) ON CONFLICT DO NOTHING",
      {{"name", role.name},
       {"description", role.description},
       {"revision", role.revision},
       {"create_time", absl::ToUnixMicros(role.create_time)},
       {"update_time", absl::ToUnixMicros(role.update_time)}});
  if (rows == 0) {
    Throw(absl::AlreadyExistsError(
        StrCat("there is a role '", role.name, "' already")));
  }
  Replace(tx, "role_permissions", "role", role.name, "permission", {},
          role.permissions);
}

void UpdateRole(store::Tx& tx, const Role& before, const Role& after) {
  Replace(tx, "role_permissions", "role", after.name, "permission",
          before.permissions, after.permissions);
  tx.Execute(
      "UPDATE roles SET description = :description, revision = :revision, "
      "update_time = :update_time WHERE name = :name",
      {{"name", after.name},
       {"description", after.description},
       {"revision", after.revision},
       {"update_time", absl::ToUnixMicros(after.update_time)}});
}

void DeleteRole(store::Tx& tx, const std::string& name) {
  tx.Execute("DELETE FROM role_permissions WHERE role = :name",
             {{"name", name}});
  tx.Execute("DELETE FROM roles WHERE name = :name", {{"name", name}});
}

std::vector<Role> ListRoles(store::Tx& tx, const std::string& after,
                            int64_t limit) {
  std::vector<Role> roles;
  for (const store::Row& row : tx.Query(
           "SELECT name, description, revision, create_time, update_time FROM "
           "roles WHERE name > :after ORDER BY name LIMIT :limit",
           {{"after", after}, {"limit", limit}})) {
    roles.push_back(FromRow(tx, row));
  }
  return roles;
}

std::vector<std::string> Members(store::Tx& tx, const std::string& role) {
  std::vector<std::string> ids;
  for (const store::Row& row :
       tx.Query("SELECT user_id FROM role_members WHERE role = :role ORDER BY "
                "user_id",
                {{"role", role}})) {
    ids.push_back(row.Text("user_id"));
  }
  return ids;
}

}  // namespace millrace::admin
