#include "http/request_rules.h"

#include <algorithm>
#include <charconv>

#include "http/headers.h"
#include "http/serializer.h"

namespace millrace::http {
namespace {

bool MayBeInHost(char c) {
  switch (c) {
    case ' ':
    case '\t':
    case ',':
    case '/':
    case '?':
    case '#':
    case '@':
    case '\\':
      return false;
    default:
      return true;
  }
}

}  // namespace

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

ParseError TakeContentLength(std::string_view value,
                             std::optional<uint64_t>* length) {
  uint64_t number = 0;
  const char* const end = value.data() + value.size();
  // Takes no sign.
  const auto [rest, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc() || rest != end || *length) {
    return {400, "Content-Length must come once and be a number"};
  }
  *length = number;
  return {};
}

ParseError CheckTransferEncoding(std::string_view value, int minor_version) {
  if (minor_version == 0) return {400, "HTTP/1.0 has no Transfer-Encoding"};
  if (EqualsIgnoreCase(value, "chunked")) return {};
  const size_t comma = value.rfind(',');
  if (comma != std::string_view::npos &&
      EqualsIgnoreCase(Trim(value.substr(comma + 1)), "chunked")) {
    return {501, "the only Transfer-Encoding known here is chunked"};
  }
  return {400, "Transfer-Encoding must end in chunked"};
}

ParseError CheckHost(std::string_view value, bool seen_before) {
  if (seen_before) return {400, "Host must come once"};
  if (std::all_of(value.begin(), value.end(), MayBeInHost)) return {};
  return {400, "malformed Host"};
}

ParseError CheckExpect(std::string_view value) {
  if (EqualsIgnoreCase(value, "100-continue")) return {};
  return {417, "the only expectation met here is 100-continue"};
}

ParseError CheckTokens(std::string_view value) {
  while (!value.empty()) {
    const size_t comma = std::min(value.find(','), value.size());
    const std::string_view token = Trim(value.substr(0, comma));
    if (!token.empty() && !IsToken(token)) {
      return {400, "malformed list in a header field"};
    }
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
  return {};
}

ParseError CheckTarget(std::string_view target) {
  const bool visible = std::all_of(target.begin(), target.end(),
                                   [](char c) { return c > ' ' && c < 0x7f; });
  if (visible && !target.empty()) return {};
  return {400, "the request target must be percent-encoded ASCII"};
}

}  // namespace millrace::http
