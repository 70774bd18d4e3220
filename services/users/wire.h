// Between the domain's words and the contracts' messages. Pure.
#ifndef MILLRACE_SERVICES_USERS_WIRE_H_
#define MILLRACE_SERVICES_USERS_WIRE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/users/domain.h"
#include "services/users/sessions.h"
#include "users/v1/events.pb.h"
#include "users/v1/users.pb.h"

namespace millrace::users {

::users::v1::User ToUser(const Person& person);
::users::v1::UserCreated ToCreated(const Person& person);
::users::v1::UserUpdated ToUpdated(const Person& person,
                                   const std::vector<std::string>& changed);
::users::v1::UserDeleted ToDeleted(const Person& person);
::users::v1::UserUndeleted ToUndeleted(const Person& person);
::users::v1::UserPurged ToPurged(std::string_view id, absl::Time now);
::users::v1::UserSuspended ToSuspended(const Person& person);
::users::v1::UserReinstated ToReinstated(const Person& person);
::users::v1::UserPasswordChanged ToPasswordChanged(const Person& person,
                                                   absl::Time when);
::users::v1::UserPasswordTicketCreated ToPasswordTicketCreated(
    std::string_view id, absl::Time expire_time);
// Of a session whose refresh token came a second time.
::users::v1::UserSessionRevoked ToSessionRevoked(const Session& session,
                                                 absl::Time now);

// The state that a request asks for; none when it asks for none.
std::optional<State> ToState(::users::v1::UserState state);

// What the request makes of the person: INVALID_ARGUMENT when its mask names
// what cannot be changed, or when the person would not be one any more, for
// example without an e-mail address.
absl::StatusOr<PersonChange> ToChange(
    const ::users::v1::UpdateUserRequest& request, const Person& person);

// A row of an import as a person, or what is wrong with it: what CreateUser
// would answer.
absl::StatusOr<Person> ToPerson(const ::users::v1::ImportUsersRequest& row,
                                absl::Time now);
::users::v1::ImportFailure ToFailure(int64_t index, const absl::Status& status);

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_WIRE_H_
