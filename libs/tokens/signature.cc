#include "tokens/signature.h"

#include <optional>

#include "tokens/key_numbers.h"

namespace millrace::tokens {
namespace {

constexpr size_t kEs256Bytes = 2 * kP256Bytes;

// Ed25519 hashes by itself.
const EVP_MD* DigestOf(Algorithm algorithm) {
  return algorithm == Algorithm::kEdDsa ? nullptr : EVP_sha256();
}

// OpenSSL writes ECDSA signatures as DER, JWS as the two numbers.
std::string FromDer(std::string_view der) {
  const unsigned char* at = BytesOf(der);
  const EcdsaSignature signature(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (signature == nullptr) return "";
  std::string numbers(kEs256Bytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(numbers.data());
  if (BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, kP256Bytes) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + kP256Bytes,
                   kP256Bytes) < 0) {
    return "";
  }
  return numbers;
}

// Nothing for a signature of another length: a number has one spelling.
std::optional<std::string> ToDer(std::string_view numbers) {
  if (numbers.size() != kEs256Bytes) return std::nullopt;
  const unsigned char* in = BytesOf(numbers);
  const EcdsaSignature signature(ECDSA_SIG_new());
  BigNumber r(BN_bin2bn(in, kP256Bytes, nullptr));
  BigNumber s(BN_bin2bn(in + kP256Bytes, kP256Bytes, nullptr));
  if (signature == nullptr || r == nullptr || s == nullptr ||
      ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) {
    return std::nullopt;
  }
  // The signature has them now.
  static_cast<void>(r.release());
  static_cast<void>(s.release());
  unsigned char* out = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &out);
  if (size <= 0) return std::nullopt;
  std::string der(reinterpret_cast<char*>(out), static_cast<size_t>(size));
  OPENSSL_free(out);
  return der;
}

}  // namespace

std::string SignWith(Algorithm algorithm, EVP_PKEY* key,
                     std::string_view text) {
  const DigestContext context(EVP_MD_CTX_new());
  size_t size = 0;
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, DigestOf(algorithm), nullptr,
                         key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, BytesOf(text),
                     text.size()) != 1) {
    return "";
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(),
                     reinterpret_cast<unsigned char*>(signature.data()), &size,
                     BytesOf(text), text.size()) != 1) {
    return "";
  }
  signature.resize(size);
  return algorithm == Algorithm::kEs256 ? FromDer(signature) : signature;
}

bool VerifyWith(Algorithm algorithm, EVP_PKEY* key, std::string_view text,
                std::string_view signature) {
  std::optional<std::string> der;
  if (algorithm == Algorithm::kEs256) {
    der = ToDer(signature);
    if (!der) return false;
    signature = *der;
  }
  const DigestContext context(EVP_MD_CTX_new());
  return context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, DigestOf(algorithm),
                              nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), BytesOf(signature), signature.size(),
                          BytesOf(text), text.size()) == 1;
}

}  // namespace millrace::tokens
