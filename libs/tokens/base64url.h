// base64url as RFC 7515 has it: no padding, no space, and one spelling only.
// Thread-safe.
#ifndef MILLRACE_TOKENS_BASE64URL_H_
#define MILLRACE_TOKENS_BASE64URL_H_

#include <optional>
#include <string>
#include <string_view>

namespace millrace::tokens {

std::string ToBase64Url(std::string_view bytes);

// Nothing for a text that ToBase64Url() would not have written: two spellings
// of one token would be two tokens to whoever remembers which are revoked.
std::optional<std::string> FromBase64Url(std::string_view text);

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_BASE64URL_H_
