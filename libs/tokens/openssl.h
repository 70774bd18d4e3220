// OpenSSL's objects, freed when they are left. Inside this module only.
#ifndef MILLRACE_TOKENS_OPENSSL_H_
#define MILLRACE_TOKENS_OPENSSL_H_

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <memory>
#include <string_view>

namespace millrace::tokens {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using BigNumber = std::unique_ptr<BIGNUM, Free<BN_clear_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using ParamList = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;

inline const unsigned char* BytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// OpenSSL keeps a thread's errors until somebody takes them; what failed here
// is told by a Status, and must not be found by who looks next.
class ErrorsEnd {
 public:
  ErrorsEnd() = default;
  ErrorsEnd(const ErrorsEnd&) = delete;
  ErrorsEnd& operator=(const ErrorsEnd&) = delete;
  ~ErrorsEnd() { ERR_clear_error(); }
};

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_OPENSSL_H_
