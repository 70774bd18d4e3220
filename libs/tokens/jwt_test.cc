#include "tokens/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/test_support.h"

namespace millrace::tokens {
namespace {

using ::testing::HasSubstr;

class Jwt : public ::testing::Test {
 protected:
  absl::StatusOr<Claims> Verify(const std::string& token,
                                absl::Time now = kNow) {
    return VerifyToken(token, keys_, Expected(), now);
  }

  std::string ErrorOf(const std::string& token, absl::Time now = kNow) {
    const auto claims = Verify(token, now);
    if (claims.ok()) return "";
    EXPECT_EQ(claims.status().code(), absl::StatusCode::kUnauthenticated);
    return std::string(MessageOf(claims.status()));
  }

  std::string ErrorOfClaims(const Claims& claims) {
    return ErrorOf(*IssueToken(key_, claims));
  }

  std::string ErrorOfPayload(std::string_view payload) {
    return ErrorOf(Signed(key_, R"({"alg":"EdDSA"})", payload));
  }

  const Key key_ = NewKey();
  const KeySet keys_{{key_}};
};

TEST_F(Jwt, CarriesItsClaims) {
  Claims claims = GoodClaims();
  claims.audience.push_back("another \"one\"");
  const auto read = Verify(*IssueToken(key_, claims));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, claims);
}

TEST_F(Jwt, IsForOneIssuerAndAudience) {
  Claims claims = GoodClaims();
  claims.issuer = "https://id.example/";
  EXPECT_EQ(ErrorOfClaims(claims), "token refused: it is of another issuer");
  claims = GoodClaims();
  claims.audience = {"billing"};
  EXPECT_EQ(ErrorOfClaims(claims), "token refused: it is for another audience");
  claims.audience.clear();
  EXPECT_EQ(ErrorOfClaims(claims), "token refused: it is for another audience");
  EXPECT_EQ(ErrorOfPayload(StrCat(
                R"({"iss":"https://id.example","aud":"millrace","sub":"a",)",
                R"("exp":)", absl::ToUnixSeconds(kNow) + 1, "}")),
            "");
}

TEST_F(Jwt, LivesForATime) {
  const std::string token = *IssueToken(key_, GoodClaims());
  const absl::Time end = kNow + absl::Minutes(15) + absl::Seconds(30);
  EXPECT_EQ(ErrorOf(token, end - absl::Seconds(1)), "");
  EXPECT_EQ(ErrorOf(token, end), "token refused: it has expired");
  EXPECT_EQ(ErrorOf(token, kNow - absl::Seconds(30)), "");
  EXPECT_EQ(ErrorOf(token, kNow - absl::Seconds(31)),
            "token refused: it is not valid yet");
  Claims claims = GoodClaims();
  claims.not_before = absl::InfinitePast();
  claims.issued_at = kNow + absl::Seconds(31);
  EXPECT_EQ(ErrorOfClaims(claims),
            "token refused: it was issued in the future");
}

TEST_F(Jwt, SaysWhatItHasTo) {
  const std::string wrong = "token refused: the claims are wrong: ";
  EXPECT_EQ(ErrorOfPayload(R"({"exp":1})"), wrong + "'sub' is missing");
  EXPECT_EQ(ErrorOfPayload(R"({"sub":"a"})"), wrong + "'exp' is missing");
  EXPECT_EQ(ErrorOfPayload(R"({"sub":"a","exp":"1"})"),
            wrong + "'exp' must be a number of seconds");
  for (const char* exp : {"-1", "253402300800", "1e300"}) {
    EXPECT_EQ(ErrorOfPayload(StrCat(R"({"sub":"a","exp":)", exp, "}")),
              wrong + "'exp' is no time between 1970 and 9999");
  }
  EXPECT_THAT(ErrorOfPayload(R"({"sub":"a","exp":1e999})"),
              HasSubstr("the claims are wrong"));
  EXPECT_EQ(ErrorOfPayload(R"({"sub":"a","exp":1,"aud":7})"),
            wrong + "'aud' must be a list of strings");
  EXPECT_EQ(ErrorOfPayload(R"({"sub":1,"exp":1})"),
            wrong + "'sub' must be a string");
  EXPECT_THAT(ErrorOfPayload(R"({"sub":"a","sub":"b","exp":1})"),
              HasSubstr("the key 'sub' is there twice"));
  EXPECT_THAT(ErrorOfPayload(R"({"sub":"a\u0000b","exp":1})"),
              HasSubstr("NUL"));
  EXPECT_THAT(ErrorOfPayload("payload"), HasSubstr("line 1, column 1"));
  EXPECT_THAT(ErrorOfPayload(R"({"a":[[[[[[[[1]]]]]]]]})"),
              HasSubstr("nested deeper than 8"));
}

TEST_F(Jwt, OtherSignedTextsAreNoAccessTokens) {
  const std::string payload = *ToJson(GoodClaims());
  const auto error = [&](std::string_view type) {
    return ErrorOf(Signed(
        key_, StrCat(R"({"alg":"EdDSA","typ":")", type, "\"}"), payload));
  };
  for (const char* type : {"", "JWT", "jwt", "at+jwt", "application/AT+JWT"}) {
    EXPECT_EQ(error(type), "") << type;
  }
  for (const char* type : {"logout+jwt", "secevent+jwt", "JOSE",
                           "application/"
                           "dpop+jwt"}) {
    EXPECT_EQ(error(type),
              "token refused: 'typ' is not that of an access token");
  }
}

TEST_F(Jwt, AnUnknownKeyIsToldApart) {
  const auto claims = Verify(*IssueToken(NewKey(), GoodClaims()));
  EXPECT_EQ(claims.status().code(), absl::StatusCode::kNotFound);
}

TEST(Expectations, AreBounded) {
  EXPECT_TRUE(Expected().Validate().ok());
  EXPECT_FALSE(Expectations{.audience = "a"}.Validate().ok());
  EXPECT_FALSE(Expectations{.issuer = "i"}.Validate().ok());
  Expectations expected = Expected();
  expected.clock_skew = absl::Minutes(6);
  EXPECT_EQ(
      expected.Validate(),
      absl::InvalidArgumentError("the clock skew must be 0s to 5m, not 6m"));
}

}  // namespace
}  // namespace millrace::tokens
