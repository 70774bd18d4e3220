// Secrets that somebody carries, such as refresh tokens, and secrets that are
// kept. Thread-safe.
#ifndef MILLRACE_TOKENS_SECRET_H_
#define MILLRACE_TOKENS_SECRET_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace millrace::tokens {

// 32 random bytes in base64url: nobody guesses one, so that a plain digest of
// it is enough to keep.
std::string NewSecret();

// What is kept of it, in base64url: who reads the database cannot use it.
std::string SecretDigest(std::string_view secret);

// `text` encrypted and authenticated (XChaCha20-Poly1305) under a passphrase
// of the configuration, in base64url. `label` says what it is: under another
// label it does not open, so that rows cannot be exchanged.
std::string Seal(std::string_view text, std::string_view label,
                 std::string_view passphrase);

// FAILED_PRECONDITION when it was sealed with another passphrase or label, or
// was changed since.
absl::StatusOr<std::string> Unseal(std::string_view sealed,
                                   std::string_view label,
                                   std::string_view passphrase);

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_SECRET_H_
