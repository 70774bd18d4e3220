#include "tokens/base64url.h"

#include "absl/strings/escaping.h"
#include "base/strings.h"

namespace millrace::tokens {

std::string ToBase64Url(std::string_view bytes) {
  return absl::WebSafeBase64Escape(ToAbsl(bytes));
}

std::optional<std::string> FromBase64Url(std::string_view text) {
  std::string bytes;
  // Abseil takes padding, spaces and unused bits; written again they show.
  if (!absl::WebSafeBase64Unescape(ToAbsl(text), &bytes) ||
      ToBase64Url(bytes) != text) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace millrace::tokens
