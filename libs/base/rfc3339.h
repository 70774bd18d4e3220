// Times as text, as of RFC 3339. Pure functions, any thread.
#ifndef MILLRACE_BASE_RFC3339_H_
#define MILLRACE_BASE_RFC3339_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace millrace {

// In UTC, with as many digits of the second as it has, to the nanosecond:
// "2024-05-06T07:08:09.5+00:00".
std::string FormatRfc3339(absl::Time time);

// Any zone. INVALID_ARGUMENT when `text` is no such time, with what is wrong.
absl::StatusOr<absl::Time> ParseRfc3339(std::string_view text);

}  // namespace millrace

#endif  // MILLRACE_BASE_RFC3339_H_
