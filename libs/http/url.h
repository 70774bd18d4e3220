// The pieces of a request target. Pure functions.
#ifndef MILLRACE_HTTP_URL_H_
#define MILLRACE_HTTP_URL_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace::http {

struct RequestTarget {
  std::string path;   // as it came, still percent-encoded; "/" or longer
  std::string query;  // behind the first '?', still encoded
};

// Splits "/a/b?c=d", "http://host/a/b?c=d" or "*". INVALID_ARGUMENT when it is
// neither, has a fragment, or when its path has a malformed escape, a NUL, or
// a "." or ".." segment, escaped or not: those are how a path leaves the
// folder it was meant for.
absl::StatusOr<RequestTarget> ParseTarget(std::string_view target);

// Resolves %xx. Nothing when an escape is malformed.
std::optional<std::string> PercentDecode(std::string_view text);

// The names and values of a query, decoded ('+' is a space), in their order.
// INVALID_ARGUMENT when an escape is malformed.
using QueryParams = std::vector<std::pair<std::string, std::string>>;
absl::StatusOr<QueryParams> ParseQuery(std::string_view query);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_URL_H_
