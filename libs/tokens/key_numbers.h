// The numbers of a key, out of OpenSSL's form and into it. Inside this module
// only. Thread-safe.
#ifndef MILLRACE_TOKENS_KEY_NUMBERS_H_
#define MILLRACE_TOKENS_KEY_NUMBERS_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "tokens/algorithm.h"
#include "tokens/openssl.h"

namespace millrace::tokens {

inline constexpr size_t kP256Bytes = 32;

// The name of an EC key's curve, as OpenSSL spells it; empty for others.
std::string CurveOf(EVP_PKEY* key);

// Key::public_members() of it.
std::string PublicMembers(Algorithm algorithm, EVP_PKEY* key);

enum class PemKind { kPrivate, kPublic };

// The caller's to free; null when the text is no such thing. One that asks for
// a passphrase is no such thing: nobody is asked.
EVP_PKEY* ReadPem(std::string_view pem, PemKind kind);

// PKCS #8; empty when it cannot be had.
std::string WritePrivatePem(EVP_PKEY* key);

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_KEY_NUMBERS_H_
