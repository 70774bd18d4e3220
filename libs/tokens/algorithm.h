// The signature algorithms there are (RFC 7518, RFC 8037). No symmetric one:
// who can verify a token of ours cannot make one.
#ifndef MILLRACE_TOKENS_ALGORITHM_H_
#define MILLRACE_TOKENS_ALGORITHM_H_

#include <optional>
#include <string_view>

namespace millrace::tokens {

enum class Algorithm {
  kEdDsa,  // Ed25519
  kEs256,  // ECDSA on P-256 with SHA-256
  kRs256,  // RSA, PKCS #1 v1.5, with SHA-256
};

// "EdDSA", "ES256", "RS256".
constexpr std::string_view NameOf(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEdDsa:
      return "EdDSA";
    case Algorithm::kEs256:
      return "ES256";
    case Algorithm::kRs256:
      return "RS256";
  }
  return "";
}

constexpr std::optional<Algorithm> AlgorithmNamed(std::string_view name) {
  for (const Algorithm algorithm :
       {Algorithm::kEdDsa, Algorithm::kEs256, Algorithm::kRs256}) {
    if (NameOf(algorithm) == name) return algorithm;
  }
  return std::nullopt;
}

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_ALGORITHM_H_
