// What the payload of an event tells of a person, and taking it apart from the
// rest: the fields that contracts mark `personal` (millrace/v1/privacy.proto),
// and what no contract here knows, which may be of a newer one. Pure.
#ifndef MILLRACE_SERVICES_ADMIN_PERSONAL_H_
#define MILLRACE_SERVICES_ADMIN_PERSONAL_H_

#include <google/protobuf/descriptor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::admin {

struct PersonalParts {
  std::string data_subject;         // of whom it tells
  std::vector<std::string> fields;  // the paths of those that were set
  // The message without them, and with them alone. One behind the other they
  // are the message again, as protobuf reads them.
  std::string open;
  std::string personal;
};

// Of a payload of the message `type`, an event of the key `key`. Nothing when
// it tells of nobody. A payload without a type is personal as a whole, and of
// whomever the key names.
std::optional<PersonalParts> TakeApart(std::string_view type,
                                       std::string_view payload,
                                       std::string_view key);

// Whether a message of this type may tell something of a person.
bool MayTellOfPeople(const google::protobuf::Descriptor& type);

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_PERSONAL_H_
