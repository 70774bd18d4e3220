// What the users service must do on each database: the tests of several files,
// which a program instantiates for the databases it has.
#ifndef MILLRACE_SERVICES_USERS_USERS_SUITE_H_
#define MILLRACE_SERVICES_USERS_USERS_SUITE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/strings.h"
#include "services/users/rpc.h"
#include "tests/support/watched_service_test.h"
#include "users/migrations.h"
#include "users/v1/events.millrace.h"

namespace millrace::users {

class UsersSuite : public testing::Watched<testing::ServiceSuite> {
 protected:
  UsersSuite() : Watched("users", UsersMigrations()) {}

  absl::StatusOr<::users::v1::User> Create(const std::string& email,
                                           const std::string& name = "Ada") {
    ::users::v1::CreateUserRequest request;
    request.set_email(email);
    request.set_display_name(name);
    return Await(rpc_.CreateUser(call_, request));
  }

  absl::Status Delete(const std::string& id) {
    ::users::v1::DeleteUserRequest request;
    request.set_id(id);
    return Await(rpc_.DeleteUser(call_, request)).status();
  }

  absl::StatusOr<::users::v1::User> Suspend(const std::string& id) {
    ::users::v1::SuspendUserRequest request;
    request.set_id(id);
    request.set_reason("spam");
    return Await(rpc_.SuspendUser(call_, request));
  }

  std::vector<std::string> Emitted() {
    return ServiceSuite::Emitted(::users::v1::UserEvents::Info());
  }

  UsersRpc rpc_{
      *database_,
      outbox_,
      clock_,
      {.retention = absl::Hours(48), .import_batch = 3, .export_page = 4}};
};

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_USERS_SUITE_H_
