// A JSON object as tokens and keys have them: read strictly, so that no two
// readers of one token disagree about what it says. Thread-safe.
//
// Errors are INVALID_ARGUMENT and name the member, never its value: what is in
// a token may be somebody's.
#ifndef MILLRACE_TOKENS_JSON_OBJECT_H_
#define MILLRACE_TOKENS_JSON_OBJECT_H_

#include <google/protobuf/struct.pb.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace millrace::tokens {

class JsonObject {
 public:
  // RFC 8259 to the letter, no duplicate members, no NUL, not nested deeper
  // than any token has reason to be.
  static absl::StatusOr<JsonObject> Read(std::string_view text);
  explicit JsonObject(google::protobuf::Struct fields);

  bool Has(std::string_view name) const { return Find(name) != nullptr; }

  // Nothing when there is no such member; an error when it is of another type.
  absl::StatusOr<std::optional<std::string>> Text(std::string_view name) const;
  absl::StatusOr<std::optional<std::vector<std::string>>> Texts(
      std::string_view name) const;
  // Seconds since 1970, perhaps with a fraction (RFC 7519's NumericDate). An
  // error outside of the years 1970 to 9999, too.
  absl::StatusOr<std::optional<absl::Time>> Time(std::string_view name) const;
  absl::StatusOr<std::optional<std::vector<JsonObject>>> Objects(
      std::string_view name) const;
  // An error when it is missing or empty.
  absl::StatusOr<std::string> RequiredText(std::string_view name) const;

 private:
  const google::protobuf::Value* Find(std::string_view name) const;

  google::protobuf::Struct fields_;
};

// The text in quotes, with what JSON wants escaped. INVALID_ARGUMENT when it is
// not UTF-8.
absl::StatusOr<std::string> JsonQuoted(std::string_view text);

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_JSON_OBJECT_H_
