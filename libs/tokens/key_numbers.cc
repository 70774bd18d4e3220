#include "tokens/key_numbers.h"

#include <openssl/pem.h>

#include "base/strings.h"
#include "tokens/base64url.h"

namespace millrace::tokens {
namespace {

// A number in as many bytes as it needs, or padded to `size`.
std::string NumberOf(EVP_PKEY* key, const char* name, size_t size = 0) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return "";
  const BigNumber number(raw);
  if (size == 0) size = static_cast<size_t>(BN_num_bytes(raw));
  std::string bytes(size, '\0');
  if (BN_bn2binpad(raw, reinterpret_cast<unsigned char*>(bytes.data()),
                   static_cast<int>(size)) < 0) {
    return "";
  }
  return ToBase64Url(bytes);
}

std::string RawPublicKey(EVP_PKEY* key) {
  size_t size = 0;
  if (EVP_PKEY_get_raw_public_key(key, nullptr, &size) != 1) return "";
  std::string bytes(size, '\0');
  if (EVP_PKEY_get_raw_public_key(
          key, reinterpret_cast<unsigned char*>(bytes.data()), &size) != 1) {
    return "";
  }
  return ToBase64Url(bytes);
}

int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace

std::string CurveOf(EVP_PKEY* key) {
  char name[64];
  size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name, sizeof name, &size) != 1) return "";
  return std::string(name, size);
}

std::string PublicMembers(Algorithm algorithm, EVP_PKEY* key) {
  switch (algorithm) {
    case Algorithm::kEdDsa:
      return StrCat(R"({"crv":"Ed25519","kty":"OKP","x":")", RawPublicKey(key),
                    "\"}");
    case Algorithm::kEs256:
      return StrCat(R"({"crv":"P-256","kty":"EC","x":")",
                    NumberOf(key, OSSL_PKEY_PARAM_EC_PUB_X, kP256Bytes),
                    R"(","y":")",
                    NumberOf(key, OSSL_PKEY_PARAM_EC_PUB_Y, kP256Bytes), "\"}");
    case Algorithm::kRs256:
      return StrCat(R"({"e":")", NumberOf(key, OSSL_PKEY_PARAM_RSA_E),
                    R"(","kty":"RSA","n":")",
                    NumberOf(key, OSSL_PKEY_PARAM_RSA_N), "\"}");
  }
  return "";
}

EVP_PKEY* ReadPem(std::string_view pem, PemKind kind) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (bio == nullptr) return nullptr;
  return kind == PemKind::kPrivate
             ? PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase,
                                       nullptr)
             : PEM_read_bio_PUBKEY(bio.get(), nullptr, NoPassphrase, nullptr);
}

std::string WritePrivatePem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (bio == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0,
                                    nullptr, nullptr) != 1) {
    return "";
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

}  // namespace millrace::tokens
