// What a person is and how one may change. Pure: no I/O, no clock, no wire.
#ifndef MILLRACE_SERVICES_USERS_DOMAIN_H_
#define MILLRACE_SERVICES_USERS_DOMAIN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace millrace::users {

enum class State { kActive, kSuspended, kDeleted };

struct Person {
  std::string id;     // UUIDv7: sorts by creation
  std::string email;  // normalized; unique among people who are not deleted
  std::string display_name;
  std::string locale;
  int64_t revision = 1;  // grows by one with each change
  absl::Time create_time;
  absl::Time update_time;

  std::optional<absl::Time> suspend_time;  // since when, if suspended
  std::string suspend_reason;
  std::optional<absl::Time> delete_time;  // when, if deleted
  std::optional<absl::Time> purge_time;   // when the row goes, if deleted

  // Who is deleted is that, suspended or not.
  State state() const;
  bool operator==(const Person&) const = default;
};

// What a caller asks to change; what is absent stays.
struct PersonChange {
  std::optional<std::string> email;
  std::optional<std::string> display_name;
  std::optional<std::string> locale;
};

// Two addresses that differ only in the case of their letters are one person's.
std::string NormalizeEmail(std::string_view email);

// What names are searched by: their ASCII letters in lower case.
std::string NameKey(std::string_view display_name);

// A locale that is not given is "en".
Person NewPerson(std::string id, std::string_view email,
                 std::string_view display_name, std::string_view locale,
                 absl::Time now);

// Applies `change` and answers the names of the fields that have another value
// now. When there are none the person, revision and all, is as before.
std::vector<std::string> Apply(const PersonChange& change, absl::Time now,
                               Person& person);

// FAILED_PRECONDITION when the person is suspended already, or is not.
absl::Status Suspend(std::string_view reason, absl::Time now, Person& person);
absl::Status Reinstate(absl::Time now, Person& person);

// The row is kept for `retention`.
void Delete(absl::Time now, absl::Duration retention, Person& person);
void Undelete(absl::Time now, Person& person);

std::string EtagOf(const Person& person);

// ABORTED when `etag` is given and `person` has changed since it was read.
absl::Status CheckEtag(const Person& person, std::string_view etag);

}  // namespace millrace::users

#endif  // MILLRACE_SERVICES_USERS_DOMAIN_H_
