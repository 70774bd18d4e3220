// What people may do: a copy of what the admin service owns, kept up by its
// events, so that an access token can say it and a login asks nobody.
//
// What changes there is in tokens that are issued after the event has arrived.
#ifndef MILLRACE_SERVICES_USERS_PERMISSIONS_H_
#define MILLRACE_SERVICES_USERS_PERMISSIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "admin/v1/events.millrace.h"
#include "bus/inbox.h"
#include "store/transaction.h"

namespace millrace::users {

inline constexpr char kPermissionsGroup[] = "users.permissions";

// The table `user_permissions`, inside a transaction; they throw StatusError.
std::vector<std::string> FindPermissions(store::Tx& tx,
                                         std::string_view user_id);
void SavePermissions(store::Tx& tx, std::string_view user_id,
                     const std::vector<std::string>& permissions,
                     absl::Time change_time);

// Loop thread. The inbox outlives it.
class PermissionsListener final : public ::admin::v1::AdminEvents::Listener {
 public:
  explicit PermissionsListener(bus::Inbox& inbox) : inbox_(inbox) {}

  Promise<void> OnPermissionsChanged(
      const Event<::admin::v1::PermissionsChanged>& event) override;

 private:
  bus::Inbox& inbox_;
};

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_PERMISSIONS_H_
