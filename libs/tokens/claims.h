// What an access token says (RFC 7519, RFC 9068), and whether that is for us
// and for now. Thread-safe.
#ifndef MILLRACE_TOKENS_CLAIMS_H_
#define MILLRACE_TOKENS_CLAIMS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace millrace::tokens {

struct Claims {
  std::string issuer;                            // "iss"
  std::string subject;                           // "sub"
  std::vector<std::string> audience;             // "aud"
  absl::Time expiry = absl::InfinitePast();      // "exp"
  absl::Time not_before = absl::InfinitePast();  // "nbf"; past: none
  absl::Time issued_at = absl::InfinitePast();   // "iat"; past: none
  std::string id;                                // "jti"
  std::string session;                           // "sid"
  std::vector<std::string> permissions;          // "permissions"

  bool operator==(const Claims&) const = default;
};

// As JSON; times in whole seconds. INVALID_ARGUMENT for text that is no UTF-8.
absl::StatusOr<std::string> ToJson(const Claims& claims);

// INVALID_ARGUMENT when it is no strict JSON object, a claim has another type
// than it should, or "sub" or "exp" is missing.
absl::StatusOr<Claims> ReadClaims(std::string_view json);

// What a token has to say to be for us.
struct Expectations {
  std::string issuer;
  std::string audience;
  // How far the clocks of two machines may be apart.
  absl::Duration clock_skew = absl::Seconds(30);

  // INVALID_ARGUMENT: no issuer, no audience, or a skew above five minutes,
  // for which tokens would live on after they ended.
  absl::Status Validate() const;
};

// UNAUTHENTICATED says why not.
absl::Status CheckClaims(const Claims& claims, const Expectations& expected,
                         absl::Time now);

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_CLAIMS_H_
