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

// What the request makes of the person: INVALID_ARGUMENT when its mask names
// what cannot be changed, or when the person would not be one any more, for
// example without an e-mail address.
absl::StatusOr<PersonChange> ToChange(
    const ::users::v1::UpdateUserRequest& request, const Person& person);

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_WIRE_H_
