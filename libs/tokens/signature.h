// Signatures in the form that JWS gives them. Inside this module only.
// Thread-safe.
#ifndef MILLRACE_TOKENS_SIGNATURE_H_
#define MILLRACE_TOKENS_SIGNATURE_H_

#include <string>
#include <string_view>

#include "tokens/algorithm.h"
#include "tokens/openssl.h"

namespace millrace::tokens {

// Empty when it fails.
std::string SignWith(Algorithm algorithm, EVP_PKEY* key, std::string_view text);

bool VerifyWith(Algorithm algorithm, EVP_PKEY* key, std::string_view text,
                std::string_view signature);

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_SIGNATURE_H_
