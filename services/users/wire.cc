#include "services/users/wire.h"

#include "base/strings.h"
#include "base/suggest.h"
#include "contract/errors.h"
#include "contract/time.h"

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
    const ::users::v1::UpdateUserRequest& request) {
  PersonChange change;
  if (request.has_email()) change.email = request.email();
  if (request.has_display_name()) change.display_name = request.display_name();
  if (request.has_locale()) change.locale = request.locale();
  if (!request.has_update_mask()) return change;

  const std::vector<std::string> names = {"email", "display_name", "locale"};
  PersonChange masked;
  std::vector<FieldViolation> violations;
  for (const std::string& path : request.update_mask().paths()) {
    const auto take = [&](const auto& from, auto& to) {
      if (from) {
        to = from;
      } else {
        violations.push_back(
            {path, "is in update_mask and must be set, for it has no default"});
      }
    };
    if (path == "email") {
      take(change.email, masked.email);
    } else if (path == "display_name") {
      take(change.display_name, masked.display_name);
    } else if (path == "locale") {
      take(change.locale, masked.locale);
    } else {
      violations.push_back(
          {"update_mask",
           StrCat("'", path, "' cannot be changed", DidYouMean(path, names))});
    }
  }
  if (!violations.empty()) return InvalidArgument(violations);
  return masked;
}

}  // namespace millrace::users
