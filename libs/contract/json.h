// Messages as JSON, in the proto3 JSON mapping.
//
// Thread-safe. Reading is strict: RFC 8259 to the letter, and besides no
// duplicate keys, no NUL, no nesting deeper than 100 (of messages, too), no
// unknown fields.
#ifndef MILLRACE_CONTRACT_JSON_H_
#define MILLRACE_CONTRACT_JSON_H_

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millrace {

// An Any in a message counts one, an Any in that Any two: the value of an Any
// is bytes until somebody looks, and 100 kB of Anys that hold each other would
// become a gigabyte of text.
constexpr int kMostNestedAnys = 16;

// Fields marked `sensitive` are left out, at any depth. An Any whose type is
// not linked into the program is written with its "@type" alone.
// INVALID_ARGUMENT for a message that has no JSON form, such as a Timestamp out
// of range, or Anys nested deeper than kMostNestedAnys.
absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message);

// Replaces the content of `message`. INVALID_ARGUMENT says where the text is
// wrong, as in "line 3, column 14: users.v1.User has no field 'emial'; did you
// mean 'email'?"; `message` is then unspecified.
absl::Status FromJson(std::string_view text,
                      google::protobuf::Message* message);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_JSON_H_
