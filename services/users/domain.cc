#include "services/users/domain.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "base/strings.h"
#include "contract/etag.h"

namespace millrace::users {
namespace {

// What the database keeps: a person reads the same when created and later.
absl::Time Stored(absl::Time time) {
  return absl::FromUnixMicros(absl::ToUnixMicros(time));
}

void Touch(absl::Time now, Person& person) {
  ++person.revision;
  person.update_time = Stored(now);
}

}  // namespace

State Person::state() const {
  if (delete_time) return State::kDeleted;
  return suspend_time ? State::kSuspended : State::kActive;
}

std::string NormalizeEmail(std::string_view email) {
  return absl::AsciiStrToLower(ToAbsl(email));
}

std::string NameKey(std::string_view display_name) {
  return absl::AsciiStrToLower(ToAbsl(display_name));
}

Person NewPerson(std::string id, std::string_view email,
                 std::string_view display_name, std::string_view locale,
                 absl::Time now) {
  return {.id = std::move(id),
          .email = NormalizeEmail(email),
          .display_name = std::string(display_name),
          .locale = locale.empty() ? "en" : std::string(locale),
          .create_time = Stored(now),
          .update_time = Stored(now)};
}

std::vector<std::string> Apply(const PersonChange& change, absl::Time now,
                               Person& person) {
  std::vector<std::string> changed;
  const auto set = [&changed](std::string name, std::string& field,
                              std::string value) {
    if (field == value) return;
    field = std::move(value);
    changed.push_back(std::move(name));
  };
  if (change.email) set("email", person.email, NormalizeEmail(*change.email));
  if (change.display_name) {
    set("display_name", person.display_name, *change.display_name);
  }
  if (change.locale) set("locale", person.locale, *change.locale);
  if (!changed.empty()) Touch(now, person);
  return changed;
}

absl::Status Suspend(std::string_view reason, absl::Time now, Person& person) {
  if (person.suspend_time) {
    return absl::FailedPreconditionError(
        StrCat("user ", person.id, " is suspended already, since ",
               absl::FormatTime(*person.suspend_time, absl::UTCTimeZone())));
  }
  Touch(now, person);
  person.suspend_time = person.update_time;
  person.suspend_reason = std::string(reason);
  return absl::OkStatus();
}

absl::Status Reinstate(absl::Time now, Person& person) {
  if (!person.suspend_time) {
    return absl::FailedPreconditionError(
        StrCat("user ", person.id, " is not suspended"));
  }
  Touch(now, person);
  person.suspend_time.reset();
  person.suspend_reason.clear();
  return absl::OkStatus();
}

void Delete(absl::Time now, absl::Duration retention, Person& person) {
  Touch(now, person);
  person.delete_time = person.update_time;
  person.purge_time = Stored(now + retention);
}

void Undelete(absl::Time now, Person& person) {
  Touch(now, person);
  person.delete_time.reset();
  person.purge_time.reset();
}

std::string EtagOf(const Person& person) { return StrCat(person.revision); }

absl::Status CheckEtag(const Person& person, std::string_view etag) {
  return MatchEtag(StrCat("user ", person.id, " has"), EtagOf(person), etag);
}

}  // namespace millrace::users
