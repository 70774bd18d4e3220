// Access tokens: claims in a signed text. Thread-safe.
#ifndef MILLRACE_TOKENS_JWT_H_
#define MILLRACE_TOKENS_JWT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tokens/claims.h"
#include "tokens/key.h"
#include "tokens/key_set.h"

namespace millrace::tokens {

// Of the type "at+jwt" (RFC 9068), so that nobody takes another signed text of
// the same issuer for an access token.
absl::StatusOr<std::string> IssueToken(const Key& key, const Claims& claims);

// The claims of a token that is in order. NOT_FOUND when its key is not among
// `keys`, UNAUTHENTICATED for everything else; each says why, for the log
// alone. Issuers that give their access tokens the type "JWT", or none, are
// trusted not to sign anything else.
absl::StatusOr<Claims> VerifyToken(std::string_view token, const KeySet& keys,
                                   const Expectations& expected,
                                   absl::Time now);

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_JWT_H_
