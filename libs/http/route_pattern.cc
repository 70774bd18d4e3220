#include "http/route_pattern.h"

#include <set>

#include "base/status.h"
#include "base/strings.h"
#include "http/url.h"

namespace millrace::http {
namespace {

Segments Split(std::string_view path) {
  Segments segments;
  path.remove_prefix(1);
  while (true) {
    const size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

void ThrowMalformed(std::string_view pattern, std::string_view why) {
  Throw(absl::InvalidArgumentError(
      StrCat("the route \"", pattern, "\" is malformed: ", why)));
}

Segments PatternSegments(std::string_view pattern) {
  if (!pattern.starts_with('/')) {
    ThrowMalformed(pattern, "it must start with /");
  }
  Segments segments = Split(pattern);
  std::set<std::string_view> names;
  for (size_t i = 0; i < segments.size(); ++i) {
    const std::string_view segment = segments[i];
    if (!segment.starts_with(':') && !segment.starts_with('*')) continue;
    if (segment.size() == 1) {
      ThrowMalformed(pattern, "a name must follow : and *");
    }
    if (segment[0] == '*' && i + 1 < segments.size()) {
      ThrowMalformed(pattern, "*name must come last");
    }
    if (!names.insert(segment.substr(1)).second) {
      ThrowMalformed(pattern, "it has a name twice");
    }
  }
  return segments;
}

PathSegments::PathSegments(std::string_view path) : segments_(Split(path)) {
  if (path.find('%') == std::string_view::npos) return;
  decoded_.reserve(segments_.size());
  for (std::string_view& segment : segments_) {
    // Malformed escapes were refused with the target.
    decoded_.push_back(PercentDecode(segment).value_or(std::string(segment)));
    segment = decoded_.back();
  }
}

}  // namespace millrace::http
