#include "tokens/jwt.h"

#include "absl/strings/match.h"
#include "base/strings.h"
#include "tokens/jws.h"

namespace millrace::tokens {
namespace {

// RFC 7515: "application/" may be left out, and case does not matter.
bool IsAccessToken(const std::string& type) {
  absl::string_view name = type;
  if (absl::StartsWithIgnoreCase(name, "application/")) name.remove_prefix(12);
  return name.empty() || absl::EqualsIgnoreCase(name, "JWT") ||
         absl::EqualsIgnoreCase(name, "at+jwt");
}

}  // namespace

absl::StatusOr<std::string> IssueToken(const Key& key, const Claims& claims) {
  const auto payload = ToJson(claims);
  if (!payload.ok()) return payload.status();
  return SignJws(key, "at+jwt", *payload);
}

absl::StatusOr<Claims> VerifyToken(std::string_view token, const KeySet& keys,
                                   const Expectations& expected,
                                   absl::Time now) {
  const auto jws = ReadJws(token);
  if (!jws.ok()) return jws.status();
  if (!IsAccessToken(jws->type)) {
    return absl::UnauthenticatedError(
        "token refused: 'typ' is not that of an access token");
  }
  const auto key = KeyOf(*jws, keys);
  if (!key.ok()) return key.status();
  if (absl::Status status = VerifyJws(*jws, **key); !status.ok()) return status;
  auto claims = ReadClaims(jws->payload);
  if (!claims.ok()) {
    return absl::UnauthenticatedError(StrCat(
        "token refused: the claims are wrong: ", MessageOf(claims.status())));
  }
  if (absl::Status status = CheckClaims(*claims, expected, now); !status.ok()) {
    return status;
  }
  return claims;
}

}  // namespace millrace::tokens
