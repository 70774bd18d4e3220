#include "tokens/key.h"

#include <utility>

#include "base/strings.h"
#include "digest/sha256.h"
#include "tokens/base64url.h"
#include "tokens/key_numbers.h"
#include "tokens/openssl.h"
#include "tokens/signature.h"

namespace millrace::tokens {
namespace {

constexpr int kRsaBits = 2048;
constexpr int kMostRsaBits = 8192;

using Handle = std::shared_ptr<EVP_PKEY>;

Handle Own(EVP_PKEY* key) { return Handle(key, EVP_PKEY_free); }

absl::Status Internal(std::string_view what) {
  return absl::InternalError(StrCat("OpenSSL could not ", what));
}

absl::StatusOr<Algorithm> AlgorithmOf(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519")) return Algorithm::kEdDsa;
  if (EVP_PKEY_is_a(key, "RSA")) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < kRsaBits || bits > kMostRsaBits) {
      return absl::InvalidArgumentError(StrCat("an RSA key has ", kRsaBits,
                                               " to ", kMostRsaBits,
                                               " bits here, not ", bits));
    }
    return Algorithm::kRs256;
  }
  if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) == 256 &&
      CurveOf(key) == SN_X9_62_prime256v1) {
    return Algorithm::kEs256;
  }
  return absl::InvalidArgumentError(
      "the key is of no kind that is used here: Ed25519, P-256 or RSA");
}

// What OpenSSL itself has to say of it, for example that a point is not on its
// curve.
bool IsSound(EVP_PKEY* key, bool can_sign) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return context != nullptr && EVP_PKEY_public_check(context.get()) == 1 &&
         (!can_sign || EVP_PKEY_pairwise_check(context.get()) == 1);
}

absl::StatusOr<Handle> FromData(const char* type, OSSL_PARAM_BLD* numbers) {
  const ParamList params(OSSL_PARAM_BLD_to_param(numbers));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr ||
      EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY,
                        params.get()) != 1) {
    return absl::InvalidArgumentError(
        StrCat("these numbers make no ", type, " key"));
  }
  return Own(key);
}

BigNumber Number(std::string_view bytes) {
  return BigNumber(
      BN_bin2bn(BytesOf(bytes), static_cast<int>(bytes.size()), nullptr));
}

}  // namespace

Key::Key(Algorithm algorithm, Handle handle, bool can_sign)
    : algorithm_(algorithm),
      handle_(std::move(handle)),
      can_sign_(can_sign),
      public_members_(PublicMembers(algorithm, handle_.get())),
      id_(ToBase64Url(Sha256(public_members_))) {}

absl::StatusOr<Key> Key::Checked(Handle handle, bool can_sign) {
  const auto algorithm = AlgorithmOf(handle.get());
  if (!algorithm.ok()) return algorithm.status();
  if (!IsSound(handle.get(), can_sign)) {
    return absl::InvalidArgumentError(StrCat(
        "the ", NameOf(*algorithm), " key is broken: its numbers do not fit"));
  }
  return Key(*algorithm, std::move(handle), can_sign);
}

absl::StatusOr<Key> Key::Generate(Algorithm algorithm) {
  const ErrorsEnd errors_end;
  EVP_PKEY* key = nullptr;
  switch (algorithm) {
    case Algorithm::kEdDsa:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
    case Algorithm::kEs256:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
      break;
    case Algorithm::kRs256:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA",
                              static_cast<size_t>(kRsaBits));
      break;
  }
  if (key == nullptr) return Internal("make a key");
  return Key(algorithm, Own(key), true);
}

absl::StatusOr<Key> Key::FromPem(std::string_view pem) {
  const ErrorsEnd errors_end;
  if (EVP_PKEY* key = ReadPem(pem, PemKind::kPrivate)) {
    return Checked(Own(key), true);
  }
  if (EVP_PKEY* key = ReadPem(pem, PemKind::kPublic)) {
    return Checked(Own(key), false);
  }
  return absl::InvalidArgumentError(
      "this is no key in PEM; it begins with -----BEGIN PRIVATE KEY----- (PKCS "
      "#8, not encrypted) or -----BEGIN PUBLIC KEY-----");
}

absl::StatusOr<Key> Key::FromEd25519(std::string_view x) {
  const ErrorsEnd errors_end;
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr,
                                                 BytesOf(x), x.size());
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        StrCat("an Ed25519 key has 32 bytes, not ", x.size()));
  }
  return Key(Algorithm::kEdDsa, Own(key), false);
}

absl::StatusOr<Key> Key::FromP256(std::string_view x, std::string_view y) {
  const ErrorsEnd errors_end;
  if (x.size() != kP256Bytes || y.size() != kP256Bytes) {
    return absl::InvalidArgumentError("a coordinate of P-256 has 32 bytes");
  }
  const std::string point = StrCat("\x04", x, y);
  const ParamBuilder numbers(OSSL_PARAM_BLD_new());
  if (numbers == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(numbers.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                      SN_X9_62_prime256v1, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(numbers.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                       point.data(), point.size()) != 1) {
    return Internal("take the numbers of a key");
  }
  auto key = FromData("EC", numbers.get());
  if (!key.ok()) return key.status();
  return Checked(*std::move(key), false);
}

absl::StatusOr<Key> Key::FromRsa(std::string_view n, std::string_view e) {
  const ErrorsEnd errors_end;
  // Leading zeros would give one key two thumbprints.
  if (n.empty() || e.empty() || n[0] == 0 || e[0] == 0) {
    return absl::InvalidArgumentError(
        "the numbers of an RSA key have no leading zeros");
  }
  const bool odd = (e.back() & 1) == 1;
  if (e.size() > 4 || !odd || (e.size() == 1 && e[0] == 1)) {
    return absl::InvalidArgumentError(
        "the exponent of an RSA key is odd, more than 1 and has at most 32 "
        "bits here");
  }
  if (n.size() > kMostRsaBits / 8) {
    return absl::InvalidArgumentError(
        StrCat("an RSA key has at most ", kMostRsaBits, " bits here"));
  }
  const ParamBuilder numbers(OSSL_PARAM_BLD_new());
  const BigNumber modulus = Number(n);
  const BigNumber exponent = Number(e);
  if (numbers == nullptr ||
      OSSL_PARAM_BLD_push_BN(numbers.get(), OSSL_PKEY_PARAM_RSA_N,
                             modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(numbers.get(), OSSL_PKEY_PARAM_RSA_E,
                             exponent.get()) != 1) {
    return Internal("take the numbers of a key");
  }
  auto key = FromData("RSA", numbers.get());
  if (!key.ok()) return key.status();
  return Checked(*std::move(key), false);
}

Key Key::WithId(std::string id) const {
  Key key = *this;
  key.id_ = std::move(id);
  return key;
}

absl::StatusOr<std::string> Key::Sign(std::string_view text) const {
  const ErrorsEnd errors_end;
  if (!can_sign_) {
    return absl::FailedPreconditionError(
        StrCat("key ", id_, " is only public and cannot sign"));
  }
  std::string signature = SignWith(algorithm_, handle_.get(), text);
  if (signature.empty()) return Internal("sign");
  return signature;
}

bool Key::Verify(std::string_view text, std::string_view signature) const {
  const ErrorsEnd errors_end;
  return VerifyWith(algorithm_, handle_.get(), text, signature);
}

absl::StatusOr<std::string> Key::ToPrivatePem() const {
  const ErrorsEnd errors_end;
  if (!can_sign_) {
    return absl::FailedPreconditionError(
        StrCat("key ", id_, " has no private part"));
  }
  std::string pem = WritePrivatePem(handle_.get());
  if (pem.empty()) return Internal("write the key");
  return pem;
}

}  // namespace millrace::tokens
