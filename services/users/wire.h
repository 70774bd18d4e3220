// Between the domain's words and the contracts' messages. Pure.
#ifndef MILLRACE_SERVICES_USERS_WIRE_H_
#define MILLRACE_SERVICES_USERS_WIRE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/users/domain.h"
#include "users/v1/events.pb.h"
#include "users/v1/users.pb.h"

namespace millrace::users {

::users::v1::User ToUser(const Person& person);
::users::v1::UserCreated ToCreated(const Person& person);
::users::v1::UserUpdated ToUpdated(const Person& person,
                                   const std::vector<std::string>& changed);
::users::v1::UserDeleted ToDeleted(const Person& person, absl::Time when);

// What the request asks to change: the fields of its mask, or without one the
// fields that are set. INVALID_ARGUMENT when the mask names a field that
// cannot be changed, or one that is not set.
absl::StatusOr<PersonChange> ToChange(
    const ::users::v1::UpdateUserRequest& request);

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_WIRE_H_
