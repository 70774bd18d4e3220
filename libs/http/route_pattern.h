// What routes are written in: paths and patterns as their segments. For
// router.cc; pure functions.
#ifndef MILLRACE_HTTP_ROUTE_PATTERN_H_
#define MILLRACE_HTTP_ROUTE_PATTERN_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"

namespace millrace::http {

using Segments = absl::InlinedVector<std::string_view, 8>;

// The segments of a pattern, as views of it. Throws INVALID_ARGUMENT when it
// is malformed.
Segments PatternSegments(std::string_view pattern);

// Throws what PatternSegments() throws.
[[noreturn]] void ThrowMalformed(std::string_view pattern,
                                 std::string_view why);

// The segments of a path, which begins with a slash, decoded: "/a//b%20" is
// "a", "", "b ". The path outlives it.
class PathSegments {
 public:
  explicit PathSegments(std::string_view path);
  PathSegments(const PathSegments&) = delete;

  const Segments& get() const { return segments_; }

 private:
  Segments segments_;
  std::vector<std::string> decoded_;
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_ROUTE_PATTERN_H_
