// The validators of a representation (RFC 9110, 8.8) and what requests make
// depend on them (13). Pure functions.
#ifndef MILLRACE_HTTP_VALIDATORS_H_
#define MILLRACE_HTTP_VALIDATORS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "http/headers.h"

namespace millrace::http {

struct Validators {
  std::string etag;  // as it is sent: "x" or W/"x", with the quotes
  absl::Time modified;
  // The representation cannot have changed without `modified` changing: a date
  // that is equal says that the bytes are.
  bool date_is_strong = false;
};

enum class Verdict { kProceed, kNotModified, kFailed };

// If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since of a GET
// or HEAD, in the order of RFC 9110, 13.2.2. Dates that are none are ignored.
Verdict CheckConditions(const Headers& headers, const Validators& validators,
                        absl::Time now);

// Whether If-Range lets Range count; true without it.
bool RangeHolds(const Headers& headers, const Validators& validators,
                absl::Time now);

// A date in one of HTTP's three forms (RFC 9110, 5.6.7). `now` tells the
// century of a year with two digits.
std::optional<absl::Time> ParseHttpDate(std::string_view text, absl::Time now);

// Whether a list as of If-Match has `etag`, or is "*". A weak tag is never
// strongly the same as any. False for a list that is malformed.
bool ListHasTag(std::string_view list, std::string_view etag, bool strong);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_VALIDATORS_H_
