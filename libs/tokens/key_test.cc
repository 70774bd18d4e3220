#include "tokens/key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/jwk.h"
#include "tokens/test_support.h"

namespace millrace::tokens {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ErrorOf(const absl::StatusOr<Key>& key) {
  EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(MessageOf(key.status()));
}

class EveryAlgorithm : public ::testing::TestWithParam<Algorithm> {};
INSTANTIATE_TEST_SUITE_P(Key, EveryAlgorithm, ::testing::ValuesIn(kAlgorithms),
                         [](const auto& info) {
                           return std::string(NameOf(info.param));
                         });

TEST_P(EveryAlgorithm, VerifiesWhatItSigned) {
  const Key key = NewKey(GetParam());
  const auto signature = key.Sign("text");
  ASSERT_TRUE(signature.ok()) << signature.status();
  EXPECT_TRUE(key.Verify("text", *signature));
  EXPECT_FALSE(key.Verify("texts", *signature));
  EXPECT_FALSE(key.Verify("text", ""));
  EXPECT_FALSE(key.Verify("text", *signature + "x"));
  EXPECT_FALSE(NewKey(GetParam()).Verify("text", *signature));
  for (size_t i = 0; i < signature->size(); i += 7) {
    std::string changed = *signature;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(key.Verify("text", changed)) << i;
  }
}

TEST_P(EveryAlgorithm, IsKeptAsPem) {
  const Key key = NewKey(GetParam());
  const auto pem = key.ToPrivatePem();
  ASSERT_TRUE(pem.ok()) << pem.status();
  EXPECT_THAT(*pem, StartsWith("-----BEGIN PRIVATE KEY-----\n"));
  const auto again = Key::FromPem(*pem);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->id(), key.id());
  EXPECT_EQ(again->algorithm(), GetParam());
  EXPECT_TRUE(again->can_sign());
  EXPECT_TRUE(key.Verify("text", *again->Sign("text")));
}

TEST_P(EveryAlgorithm, APublicKeyOnlyVerifies) {
  const Key key = NewKey(GetParam());
  const auto jwk = ToJwk(key);
  ASSERT_TRUE(jwk.ok()) << jwk.status();
  const auto other = FromJwk(*jwk);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(other->id(), key.id());
  EXPECT_EQ(other->public_members(), key.public_members());
  EXPECT_FALSE(other->can_sign());
  EXPECT_TRUE(other->Verify("text", *key.Sign("text")));
  EXPECT_EQ(other->Sign("text").status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(other->ToPrivatePem().status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(Key, TellsWhatAPemShouldBe) {
  EXPECT_THAT(ErrorOf(Key::FromPem("")), HasSubstr("no key in PEM"));
  EXPECT_THAT(ErrorOf(Key::FromPem("-----BEGIN PRIVATE KEY-----\nAAAA\n"
                                   "-----END PRIVATE KEY-----\n")),
              HasSubstr("no key in PEM"));
}

// OpenSSL 3: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384
TEST(Key, RefusesOtherCurves) {
  const char* const kP384 =
      "-----BEGIN PRIVATE KEY-----\n"
      "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCRVkyM4B3qjFryEmq8\n"
      "EH51v5ll5lgkQnw4oCmz371y4Ub8UaArzkjioWAln6D+47yhZANiAATOwQw/KN0+\n"
      "OK7rIKmak/IgtZKBH64z6vZ6VW4S1ysxmTpgg/itS7XooJfRIas7Dtnj8SLsV53w\n"
      "iOxqmU1NlnJbIMEN3gwj/jBgupOxKCpv5sGijGKxH2LbyoYXzJF8X3s=\n"
      "-----END PRIVATE KEY-----\n";
  EXPECT_THAT(ErrorOf(Key::FromPem(kP384)), HasSubstr("Ed25519, P-256 or RSA"));
}

TEST(Key, NumbersMustMakeAKey) {
  EXPECT_EQ(ErrorOf(Key::FromEd25519("short")),
            "an Ed25519 key has 32 bytes, not 5");
  EXPECT_EQ(ErrorOf(Key::FromP256("short", std::string(32, 'y'))),
            "a coordinate of P-256 has 32 bytes");
  // Not on the curve.
  EXPECT_EQ(ErrorOf(Key::FromP256(std::string(32, 'x'), std::string(32, 'y'))),
            "these numbers make no EC key");
  const std::string n(256, '\xfb');
  EXPECT_EQ(ErrorOf(Key::FromRsa(std::string(128, '\xfb'), "\x03")),
            "an RSA key has 2048 to 8192 bits here, not 1024");
  EXPECT_EQ(ErrorOf(Key::FromRsa(std::string(1025, '\xfb'), "\x03")),
            "an RSA key has at most 8192 bits here");
  for (const char* e : {"\x01", "\x04", "\x01\x02", "\x01\x01\x01\x01\x01"}) {
    EXPECT_THAT(ErrorOf(Key::FromRsa(n, e)), HasSubstr("exponent"));
  }
  EXPECT_THAT(ErrorOf(Key::FromRsa(std::string(1, '\0') + n, "\x03")),
              HasSubstr("leading zeros"));
  EXPECT_THAT(ErrorOf(Key::FromRsa(n, "")), HasSubstr("leading zeros"));
}

// RFC 7638, section 3.1.
TEST(Key, TheIdIsItsThumbprint) {
  const auto rsa = FromJwk(
      R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4)"
      R"(cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2)"
      R"(W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAta)"
      R"(Sqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQ)"
      R"(Fh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqD)"
      R"(Kgw","e":"AQAB","alg":"RS256"})");
  ASSERT_TRUE(rsa.ok()) << rsa.status();
  EXPECT_EQ(rsa->id(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");

  // RFC 8037, appendix A.3.
  const auto ed25519 =
      FromJwk(R"({"kty":"OKP","crv":"Ed25519",)"
              R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
  ASSERT_TRUE(ed25519.ok()) << ed25519.status();
  EXPECT_EQ(ed25519->id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

}  // namespace
}  // namespace millrace::tokens
