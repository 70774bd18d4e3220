// A key that signs or verifies: one algorithm, one id, on OpenSSL.
//
// Which algorithm is used is the key's to say, never the token's: a token that
// names another is refused before its signature is looked at, which is all
// there is to "algorithm confusion". A key is a value; copies share the bytes,
// which never change. Thread-safe.
#ifndef MILLRACE_TOKENS_KEY_H_
#define MILLRACE_TOKENS_KEY_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tokens/algorithm.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace millrace::tokens {

class Key {
 public:
  // A new pair; RSA has 2048 bits.
  static absl::StatusOr<Key> Generate(Algorithm algorithm);

  // A private key in PKCS #8, unencrypted, or a public one. INVALID_ARGUMENT
  // says what is wrong with it, never what is in it.
  static absl::StatusOr<Key> FromPem(std::string_view pem);

  // Public keys of their numbers, big-endian. INVALID_ARGUMENT for a point that
  // is not on the curve, for RSA below 2048 or above 8192 bits or with an even,
  // tiny or huge exponent (which would make verifying costly).
  static absl::StatusOr<Key> FromEd25519(std::string_view x);
  static absl::StatusOr<Key> FromP256(std::string_view x, std::string_view y);
  static absl::StatusOr<Key> FromRsa(std::string_view n, std::string_view e);

  Algorithm algorithm() const { return algorithm_; }
  // The RFC 7638 thumbprint, unless the key came with another id.
  const std::string& id() const { return id_; }
  Key WithId(std::string id) const;
  bool can_sign() const { return can_sign_; }

  // The members of a JWK that make the key, as RFC 7638 orders and spells them:
  // {"crv":"Ed25519","kty":"OKP","x":"..."}.
  const std::string& public_members() const { return public_members_; }

  // FAILED_PRECONDITION for a key that is only public.
  absl::StatusOr<std::string> Sign(std::string_view text) const;
  bool Verify(std::string_view text, std::string_view signature) const;

  // PKCS #8, unencrypted: a secret. FAILED_PRECONDITION as above.
  absl::StatusOr<std::string> ToPrivatePem() const;

 private:
  using Handle = std::shared_ptr<evp_pkey_st>;

  Key(Algorithm algorithm, Handle handle, bool can_sign);

  // INVALID_ARGUMENT when the key is not one that may be used.
  static absl::StatusOr<Key> Checked(Handle handle, bool can_sign);

  Algorithm algorithm_;
  Handle handle_;
  bool can_sign_;
  std::string public_members_;
  std::string id_;
};

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_KEY_H_
