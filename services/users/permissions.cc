#include "services/users/permissions.h"

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "contract/time.h"

namespace millrace::users {

std::vector<std::string> FindPermissions(store::Tx& tx,
                                         std::string_view user_id) {
  const auto row = tx.QueryOne(
      "SELECT permissions FROM user_permissions WHERE user_id = :user_id",
      {{"user_id", user_id}});
  if (!row) return {};
  return absl::StrSplit(row->Text("permissions"), '\n', absl::SkipEmpty());
}

void SavePermissions(store::Tx& tx, std::string_view user_id,
                     const std::vector<std::string>& permissions,
                     absl::Time change_time) {
  if (permissions.empty()) {
    tx.Execute("DELETE FROM user_permissions WHERE user_id = :user_id",
               {{"user_id", user_id}});
    return;
  }
  tx.Execute(
      "INSERT INTO user_permissions (user_id, permissions, change_time) VALUES "
      "(:user_id, :permissions, :change_time) ON CONFLICT (user_id) DO UPDATE "
      "SET permissions = excluded.permissions, change_time = "
      "excluded.change_time",
      {{"user_id", user_id},
       {"permissions", absl::StrJoin(permissions, "\n")},
       {"change_time", absl::ToUnixMicros(change_time)}});
}

// The events of one person come in their order: the last one is what holds.
Promise<void> PermissionsListener::OnPermissionsChanged(
    const Event<::admin::v1::PermissionsChanged>& event) {
  const ::admin::v1::PermissionsChanged& changed = event.payload;
  const std::vector<std::string> permissions(changed.permissions().begin(),
                                             changed.permissions().end());
  co_await inbox_.Once(event.envelope, [&](store::Tx& tx) {
    SavePermissions(tx, changed.user_id(), permissions,
                    TimeFrom(changed.change_time()));
  });
}

}  // namespace millrace::users
