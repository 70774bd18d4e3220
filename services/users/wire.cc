#include "services/users/wire.h"

#include "contract/rules.h"
#include "contract/time.h"
#include "users/v1/user.derived.millrace.h"
#include "users/v1/user.millrace.h"

namespace millrace::users {

::users::v1::User ToUser(const Person& person) {
  ::users::v1::User user;
  user.set_id(person.id);
  user.set_email(person.email);
  user.set_display_name(person.display_name);
  user.set_locale(person.locale);
  user.set_etag(EtagOf(person));
  SetTimestamp(person.create_time, user.mutable_create_time());
  SetTimestamp(person.update_time, user.mutable_update_time());
  return user;
}

::users::v1::UserCreated ToCreated(const Person& person) {
  ::users::v1::UserCreated event;
  event.set_user_id(person.id);
  event.set_email(person.email);
  event.set_display_name(person.display_name);
  event.set_locale(person.locale);
  SetTimestamp(person.create_time, event.mutable_create_time());
  return event;
}

::users::v1::UserUpdated ToUpdated(const Person& person,
                                   const std::vector<std::string>& changed) {
  ::users::v1::UserUpdated event;
  event.set_user_id(person.id);
  event.set_email(person.email);
  event.set_display_name(person.display_name);
  event.set_locale(person.locale);
  SetTimestamp(person.update_time, event.mutable_update_time());
  for (const std::string& field : changed) {
    event.mutable_changed()->add_paths(field);
  }
  return event;
}

::users::v1::UserDeleted ToDeleted(const Person& person, absl::Time when) {
  ::users::v1::UserDeleted event;
  event.set_user_id(person.id);
  SetTimestamp(when, event.mutable_delete_time());
  return event;
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

}  // namespace millrace::users
