#include "http/request_rules.h"

#include <algorithm>

#include "http/headers.h"

namespace millrace::http {

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

ParseError CheckContentLength(std::string_view value, bool seen_before) {
  const bool digits = !value.empty() &&
                      std::all_of(value.begin(), value.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  if (digits && !seen_before) return {};
  return {400, "Content-Length must come once and be a number"};
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
  if (value.find_first_of(" \t,/?#@\\") == std::string_view::npos) return {};
  return {400, "malformed Host"};
}

ParseError CheckExpect(std::string_view value) {
  if (EqualsIgnoreCase(value, "100-continue")) return {};
  return {417, "the only expectation met here is 100-continue"};
}

ParseError CheckTarget(std::string_view target) {
  const bool ascii = std::all_of(target.begin(), target.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x80;
  });
  if (ascii) return {};
  return {400, "the request target must be percent-encoded ASCII"};
}

}  // namespace millrace::http
