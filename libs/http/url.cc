#include "http/url.h"

#include <algorithm>

#include "base/strings.h"

namespace millrace::http {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// "/a/b?c" of "http://host/a/b?c"; `target` itself when it is no URL.
std::string_view WithoutOrigin(std::string_view target) {
  if (target.starts_with('/')) return target;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.substr(0, scheme.size()) != scheme) continue;
    const std::string_view rest = target.substr(scheme.size());
    const size_t end = rest.find_first_of("/?");
    return end == std::string_view::npos ? "/" : rest.substr(end);
  }
  return target;
}

// An escaped slash makes no new segment for the router, but would for whoever
// maps the decoded text to files: so pieces between those are looked at too.
absl::Status CheckSegment(std::string_view segment) {
  const std::optional<std::string> text = PercentDecode(segment);
  if (!text) return absl::InvalidArgumentError("the path has a bad % escape");
  if (text->find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("the path has a NUL");
  }
  std::string_view rest = *text;
  while (true) {
    const size_t slash = rest.find_first_of("/\\");
    const std::string_view piece = rest.substr(0, slash);
    if (piece == "." || piece == "..") {
      return absl::InvalidArgumentError("the path has a . or .. segment");
    }
    if (slash == std::string_view::npos) return absl::OkStatus();
    rest.remove_prefix(slash + 1);
  }
}

// Whether there is an escape, or a segment that begins with a dot.
bool LooksUnusual(std::string_view path) {
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%') return true;
    if (path[i] == '.' && (path[i - 1] == '/' || path[i - 1] == '\\')) {
      return true;
    }
  }
  return false;
}

// `path` begins with a slash.
absl::Status CheckPath(std::string_view path) {
  if (!LooksUnusual(path)) return absl::OkStatus();
  path.remove_prefix(1);
  while (true) {
    const size_t slash = path.find('/');
    const absl::Status status = CheckSegment(path.substr(0, slash));
    if (!status.ok() || slash == std::string_view::npos) return status;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

absl::StatusOr<RequestTarget> ParseTarget(std::string_view target) {
  if (target == "*") return RequestTarget{"*", ""};
  target = WithoutOrigin(target);
  if (target.find('#') != std::string_view::npos) {
    return absl::InvalidArgumentError("the request target has a fragment (#)");
  }
  const size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  RequestTarget result;
  if (mark != std::string_view::npos) result.query = target.substr(mark + 1);
  if (path.empty() && mark == 0) {
    result.path = "/";
    return result;
  }
  if (path.empty() || path[0] != '/') {
    return absl::InvalidArgumentError(
        "the request target must be a path such as /a/b?c=d");
  }
  const absl::Status status = CheckPath(path);
  if (!status.ok()) return status;
  result.path = path;
  return result;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

absl::StatusOr<QueryParams> ParseQuery(std::string_view query) {
  QueryParams params;
  while (!query.empty()) {
    const size_t amp = query.find('&');
    const std::string_view pair = query.substr(0, amp);
    query.remove_prefix(amp == std::string_view::npos ? query.size() : amp + 1);
    if (pair.empty()) continue;
    std::string text(pair);
    std::replace(text.begin(), text.end(), '+', ' ');
    const size_t equals = text.find('=');
    const auto name = PercentDecode(std::string_view(text).substr(0, equals));
    const auto value =
        equals == std::string::npos
            ? std::optional<std::string>("")
            : PercentDecode(std::string_view(text).substr(equals + 1));
    if (!name || !value) {
      return absl::InvalidArgumentError(StrCat(
          "the query has a bad % escape near \"", pair.substr(0, 40), "\""));
    }
    params.emplace_back(*name, *value);
  }
  return params;
}

}  // namespace millrace::http
