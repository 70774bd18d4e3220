// A strict reader in front of libprotobuf's lenient one.
//
// libprotobuf 3.21 takes single quotes, trailing commas and raw control
// characters for JSON, and its errors have no position. CheckJson lets through
// only RFC 8259, and where the type of the text is known says for each field
// whether it exists and can have such a value. Thread-safe; recursion is
// bounded by `max_depth`.
#ifndef MILLRACE_CONTRACT_JSON_CHECK_H_
#define MILLRACE_CONTRACT_JSON_CHECK_H_

#include <google/protobuf/descriptor.h>

#include <string_view>

#include "absl/status/status.h"

namespace millrace {

struct JsonRules {
  int max_depth = 100;
  // RFC 8259 allows both; readers disagree about what they mean.
  bool allow_duplicate_keys = false;
  bool allow_nul = false;  // as \u0000; a raw one is never JSON
};

// INVALID_ARGUMENT with the first error, as in
// "line 3, column 14: users.v1.User has no field 'emial'; did you mean
// 'email'?". Columns count characters. `type` is the message that the text is
// to become, by the proto3 JSON mapping; nullptr for any JSON value.
absl::Status CheckJson(std::string_view text, const JsonRules& rules = {},
                       const google::protobuf::Descriptor* type = nullptr);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_JSON_CHECK_H_
