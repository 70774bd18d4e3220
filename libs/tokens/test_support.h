// What the tests of tokens share.
#ifndef MILLRACE_TOKENS_TEST_SUPPORT_H_
#define MILLRACE_TOKENS_TEST_SUPPORT_H_

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/strings.h"
#include "tokens/base64url.h"
#include "tokens/claims.h"
#include "tokens/key.h"

namespace millrace::tokens {

inline constexpr Algorithm kAlgorithms[] = {
    Algorithm::kEdDsa, Algorithm::kEs256, Algorithm::kRs256};

inline const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

inline Key NewKey(Algorithm algorithm = Algorithm::kEdDsa) {
  auto key = Key::Generate(algorithm);
  EXPECT_TRUE(key.ok()) << key.status();
  return *std::move(key);
}

inline Claims GoodClaims() {
  return {.issuer = "https://id.example",
          .subject = "ada",
          .audience = {"millrace"},
          .expiry = kNow + absl::Minutes(15),
          .not_before = kNow,
          .issued_at = kNow,
          .id = "token-1",
          .session = "session-1",
          .permissions = {"users.users.read"}};
}

inline Expectations Expected() {
  return {.issuer = "https://id.example", .audience = "millrace"};
}

// A token of any header and payload, signed as it should be.
inline std::string Signed(const Key& key, std::string_view header,
                          std::string_view payload) {
  const std::string text =
      StrCat(ToBase64Url(header), ".", ToBase64Url(payload));
  return StrCat(text, ".", ToBase64Url(*key.Sign(text)));
}

}  // namespace millrace::tokens

#endif  // MILLRACE_TOKENS_TEST_SUPPORT_H_
