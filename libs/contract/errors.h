// Typed details of errors, and errors as bytes.
//
// A detail rides on an absl::Status as a payload: the key is the type URL of
// its message ("type.googleapis.com/google.rpc.BadRequest"), the value its
// bytes. On the wire the status is a google.rpc.Status, whose details are the
// same pairs. Thread-safe; nothing here fails.
#ifndef MILLRACE_CONTRACT_ERRORS_H_
#define MILLRACE_CONTRACT_ERRORS_H_

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace millrace {

// What is wrong with one field of a request.
struct FieldViolation {
  std::string field;        // a path such as "user.emails[1]"
  std::string description;  // "must be an e-mail address"

  bool operator==(const FieldViolation&) const = default;
};

// INVALID_ARGUMENT whose message lists every violation, as in
// "email: must be an e-mail address; display_name: must be set", with a
// google.rpc.BadRequest as detail. OK when there is none.
absl::Status InvalidArgument(const std::vector<FieldViolation>& violations);

// The violations that a status carries.
std::vector<FieldViolation> Violations(const absl::Status& status);

// The type URL under which a detail of this message's type rides.
std::string DetailUrl(const google::protobuf::Message& detail);

// `status` with `detail` on it, in place of one of the same type. OK stays OK.
absl::Status WithDetail(absl::Status status,
                        const google::protobuf::Message& detail);

// Reads the detail of this type; false when there is none or it is malformed.
bool GetDetail(const absl::Status& status, google::protobuf::Message* detail);

// The status as the bytes of a google.rpc.Status, as in
// grpc-status-details-bin.
std::string StatusToBytes(const absl::Status& status);

// The reverse. Bytes that do not decode give INTERNAL with the reason.
absl::Status StatusFromBytes(std::string_view bytes);

// "INVALID_ARGUMENT" and so on; absl's codes are google.rpc's.
std::string_view CodeName(absl::StatusCode code);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_ERRORS_H_
