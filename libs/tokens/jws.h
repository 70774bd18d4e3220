// Signed texts in the compact form (RFC 7515): header.payload.signature.
//
// Errors are UNAUTHENTICATED and say why, for our own log: what a caller is
// told is one and the same for all of them (runtime/token_identity.h), because
// each difference would help who tries. Thread-safe.
#ifndef MILLRACE_TOKENS_JWS_H_
#define MILLRACE_TOKENS_JWS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tokens/key.h"
#include "tokens/key_set.h"

namespace millrace::tokens {

// Longer than any token we issue, shorter than a header may be.
inline constexpr size_t kMaxTokenBytes = 8192;

// What a text claims, before anybody has looked at the signature.
struct Jws {
  std::string algorithm;
  std::string key_id;  // empty: it names no key
  std::string type;    // "typ"; empty: none
  std::string payload;
  std::string signature;
  std::string_view signed_part;  // of the text that was read
};

// Refuses what is too long, has not three parts, is not canonical base64url,
// whose header is not strict JSON, and a "crit", for no extension is known
// here. Keys inside the header ("jwk", "x5c" and so on) are not looked at.
absl::StatusOr<Jws> ReadJws(std::string_view text);

// The key that `jws` names, or without a name the only one there is. NOT_FOUND
// when there is none: it may be too new to be known here.
absl::StatusOr<const Key*> KeyOf(const Jws& jws, const KeySet& keys);

// Refuses an algorithm that is not the key's, and a wrong signature.
absl::Status VerifyJws(const Jws& jws, const Key& key);

absl::StatusOr<std::string> SignJws(const Key& key, std::string_view type,
                                    std::string_view payload);

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_JWS_H_
