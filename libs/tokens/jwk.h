// Public keys as JSON: JWK and JWK sets (RFC 7517, RFC 8037). Private keys are
// kept as PEM (key.h) and have no JSON form here, so that none is published.
// Thread-safe.
#ifndef MILLRACE_TOKENS_JWK_H_
#define MILLRACE_TOKENS_JWK_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tokens/key.h"

namespace millrace::tokens {

inline constexpr size_t kMaxJwksBytes = 65536;
inline constexpr size_t kMaxJwksKeys = 100;

// The public half alone: {"crv":...,"use":"sig","alg":"EdDSA","kid":"..."}.
absl::StatusOr<std::string> ToJwk(const Key& key);
absl::StatusOr<std::string> ToJwks(absl::Span<const Key> keys);

// INVALID_ARGUMENT says why the key is none of ours: of another type, curve or
// algorithm than it says, not for signatures ("use", "key_ops"), with its
// private part in it. The id is its "kid", or else its thumbprint.
absl::StatusOr<Key> FromJwk(std::string_view text);

struct Jwks {
  std::vector<Key> keys;
  // Why others were left out, which is no error (RFC 7517, section 5): an
  // issuer may have keys for others.
  std::vector<std::string> skipped;
};

// INVALID_ARGUMENT when the text is no set, too large, or has two keys of one
// id: then a token does not say which is meant.
absl::StatusOr<Jwks> FromJwks(std::string_view text);

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_JWK_H_
