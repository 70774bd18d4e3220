#include "tokens/secret.h"

#include <sodium.h>

#include "base/strings.h"
#include "digest/sha256.h"
#include "digest/sodium_init.h"
#include "tokens/base64url.h"

namespace millrace::tokens {
namespace {

constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;

unsigned char* Raw(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}
const unsigned char* Raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// The passphrase comes from a secret store and is long: it is hashed to the
// right length, not stretched.
std::string KeyFrom(std::string_view passphrase) {
  std::string key(kKeyBytes, '\0');
  crypto_generichash(Raw(key), key.size(), Raw(passphrase), passphrase.size(),
                     nullptr, 0);
  return key;
}

}  // namespace

std::string NewSecret() {
  InitSodium();
  std::string bytes(32, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return ToBase64Url(bytes);
}

std::string SecretDigest(std::string_view secret) {
  return ToBase64Url(Sha256(secret));
}

std::string Seal(std::string_view text, std::string_view label,
                 std::string_view passphrase) {
  InitSodium();
  const std::string key = KeyFrom(passphrase);
  std::string sealed(kNonceBytes + text.size() + kTagBytes, '\0');
  randombytes_buf(sealed.data(), kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      Raw(sealed) + kNonceBytes, nullptr, Raw(text), text.size(), Raw(label),
      label.size(), nullptr, Raw(sealed), Raw(key));
  return ToBase64Url(sealed);
}

absl::StatusOr<std::string> Unseal(std::string_view sealed,
                                   std::string_view label,
                                   std::string_view passphrase) {
  InitSodium();
  const auto bytes = FromBase64Url(sealed);
  if (bytes && bytes->size() >= kNonceBytes + kTagBytes) {
    const std::string key = KeyFrom(passphrase);
    std::string text(bytes->size() - kNonceBytes - kTagBytes, '\0');
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            Raw(text), nullptr, nullptr,
            Raw(std::string_view(*bytes)) + kNonceBytes,
            bytes->size() - kNonceBytes, Raw(label), label.size(),
            Raw(std::string_view(*bytes)), Raw(key)) == 0) {
      return text;
    }
  }
  return absl::FailedPreconditionError(
      StrCat(label,
             " cannot be opened: it was sealed with another secret, or "
             "changed since"));
}

}  // namespace millrace::tokens
