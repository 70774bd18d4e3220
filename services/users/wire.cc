#include "services/users/wire.h"

#include <utility>

#include "base/ids.h"
#include "base/strings.h"
#include "contract/errors.h"
#include "contract/rules.h"
#include "contract/time.h"
#include "users/v1/user.derived.millrace.h"
#include "users/v1/user.millrace.h"
#include "users/v1/users.millrace.h"

namespace millrace::users {
namespace {

::users::v1::UserState StateOf(const Person& person) {
  switch (person.state()) {
    case State::kActive:
      return ::users::v1::USER_STATE_ACTIVE;
    case State::kSuspended:
      return ::users::v1::USER_STATE_SUSPENDED;
    case State::kDeleted:
      return ::users::v1::USER_STATE_DELETED;
  }
  return ::users::v1::USER_STATE_UNSPECIFIED;
}

// An event that says who the person is.
template <typename Event>
Event AboutPerson(const Person& person) {
  Event event;
  event.set_user_id(person.id);
  event.set_email(person.email);
  event.set_display_name(person.display_name);
  event.set_locale(person.locale);
  return event;
}

}  // namespace

::users::v1::User ToUser(const Person& person) {
  ::users::v1::User user;
  user.set_id(person.id);
  user.set_email(person.email);
  user.set_display_name(person.display_name);
  user.set_locale(person.locale);
  user.set_etag(EtagOf(person));
  SetTimestamp(person.create_time, user.mutable_create_time());
  SetTimestamp(person.update_time, user.mutable_update_time());
  user.set_state(StateOf(person));
  if (person.suspend_time) {
    SetTimestamp(*person.suspend_time, user.mutable_suspend_time());
    user.set_suspend_reason(person.suspend_reason);
  }
  if (person.delete_time) {
    SetTimestamp(*person.delete_time, user.mutable_delete_time());
  }
  if (person.purge_time) {
    SetTimestamp(*person.purge_time, user.mutable_purge_time());
  }
  return user;
}

::users::v1::UserCreated ToCreated(const Person& person) {
  auto event = AboutPerson<::users::v1::UserCreated>(person);
  SetTimestamp(person.create_time, event.mutable_create_time());
  return event;
}

::users::v1::UserUpdated ToUpdated(const Person& person,
                                   const std::vector<std::string>& changed) {
  auto event = AboutPerson<::users::v1::UserUpdated>(person);
  SetTimestamp(person.update_time, event.mutable_update_time());
  for (const std::string& field : changed) {
    event.mutable_changed()->add_paths(field);
  }
  return event;
}

::users::v1::UserDeleted ToDeleted(const Person& person) {
  ::users::v1::UserDeleted event;
  event.set_user_id(person.id);
  SetTimestamp(person.update_time, event.mutable_delete_time());
  if (person.purge_time) {
    SetTimestamp(*person.purge_time, event.mutable_purge_time());
  }
  return event;
}

::users::v1::UserUndeleted ToUndeleted(const Person& person) {
  auto event = AboutPerson<::users::v1::UserUndeleted>(person);
  SetTimestamp(person.update_time, event.mutable_undelete_time());
  return event;
}

::users::v1::UserPurged ToPurged(std::string_view id, absl::Time now) {
  ::users::v1::UserPurged event;
  event.set_user_id(std::string(id));
  SetTimestamp(now, event.mutable_purge_time());
  return event;
}

::users::v1::UserSuspended ToSuspended(const Person& person) {
  auto event = AboutPerson<::users::v1::UserSuspended>(person);
  event.set_reason(person.suspend_reason);
  SetTimestamp(person.update_time, event.mutable_suspend_time());
  return event;
}

::users::v1::UserReinstated ToReinstated(const Person& person) {
  auto event = AboutPerson<::users::v1::UserReinstated>(person);
  SetTimestamp(person.update_time, event.mutable_reinstate_time());
  return event;
}

::users::v1::UserPasswordChanged ToPasswordChanged(const Person& person,
                                                   absl::Time when) {
  auto event = AboutPerson<::users::v1::UserPasswordChanged>(person);
  SetTimestamp(when, event.mutable_change_time());
  return event;
}

::users::v1::UserPasswordTicketCreated ToPasswordTicketCreated(
    std::string_view id, absl::Time expire_time) {
  ::users::v1::UserPasswordTicketCreated event;
  event.set_user_id(std::string(id));
  SetTimestamp(expire_time, event.mutable_expire_time());
  return event;
}

::users::v1::UserSessionRevoked ToSessionRevoked(const Session& session,
                                                 absl::Time now) {
  ::users::v1::UserSessionRevoked event;
  event.set_user_id(session.user_id);
  event.set_session_id(session.id);
  event.set_reason(::users::v1::USER_SESSION_REVOKE_REASON_TOKEN_REUSED);
  SetTimestamp(now, event.mutable_revoke_time());
  return event;
}

std::optional<State> ToState(::users::v1::UserState state) {
  switch (state) {
    case ::users::v1::USER_STATE_ACTIVE:
      return State::kActive;
    case ::users::v1::USER_STATE_SUSPENDED:
      return State::kSuspended;
    case ::users::v1::USER_STATE_DELETED:
      return State::kDeleted;
    default:
      return std::nullopt;
  }
}

absl::StatusOr<PersonChange> ToChange(
    const ::users::v1::UpdateUserRequest& request, const Person& person) {
  ::users::v1::User user = ToUser(person);
  if (request.has_update_mask()) {
    const absl::Status status =
        ApplyTo(request.user(), request.update_mask(), &user);
    if (!status.ok()) return status;
  } else {
    ApplyTo(request.user(), &user);
  }
  // The rules of the patch look at what is set; a mask can also clear.
  rules::Found found;
  const rules::Path root;
  Check(user, root.Field("user"), found);
  const absl::Status status = found.ToStatus();
  if (!status.ok()) return status;
  return PersonChange{.email = user.email(),
                      .display_name = user.display_name(),
                      .locale = user.locale()};
}

absl::StatusOr<Person> ToPerson(const ::users::v1::ImportUsersRequest& row,
                                absl::Time now) {
  ::users::v1::CreateUserRequest create;
  create.set_email(row.email());
  create.set_display_name(row.display_name());
  create.set_locale(row.locale());
  const absl::Status status =
      rules::Validate<::users::v1::CreateUserRequest>(create);
  if (!status.ok()) return status;
  return NewPerson(NewId(), row.email(), row.display_name(), row.locale(), now);
}

::users::v1::ImportFailure ToFailure(int64_t index,
                                     const absl::Status& status) {
  ::users::v1::ImportFailure failure;
  failure.set_index(index);
  failure.set_code(std::string(CodeName(status.code())));
  failure.set_message(std::string(MessageOf(status)));
  for (FieldViolation& violation : Violations(status)) {
    ::users::v1::ImportViolation& one = *failure.add_violations();
    one.set_field(std::move(violation.field));
    one.set_description(std::move(violation.description));
  }
  return failure;
}

}  // namespace millrace::users
