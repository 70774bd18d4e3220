#include "tokens/jwk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/test_support.h"

namespace millrace::tokens {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kX =
    R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")";

std::string Okp(std::string_view more) {
  return StrCat(R"({"kty":"OKP","crv":"Ed25519",)", kX, more, "}");
}

std::string ErrorOf(std::string_view jwk) {
  const auto key = FromJwk(jwk);
  EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(MessageOf(key.status()));
}

TEST(Jwk, ReadsWhatItIs) {
  const auto good =
      FromJwk(Okp(R"(,"alg":"EdDSA","use":"sig","key_ops":["verify"],)"
                  R"("kid":"k \"1\"","x5t":"unknown members are others'")"));
  ASSERT_TRUE(good.ok()) << good.status();
  EXPECT_EQ(good->id(), "k \"1\"");
  EXPECT_EQ(*ToJwk(*good),
            StrCat(R"({"crv":"Ed25519","kty":"OKP",)", kX,
                   R"(,"use":"sig","alg":"EdDSA","kid":"k \"1\""})"));
}

TEST(Jwk, SaysWhyItIsNotTaken) {
  EXPECT_THAT(ErrorOf("no"), HasSubstr("line 1, column 1"));
  EXPECT_THAT(ErrorOf(Okp(R"(,"x":"again")")), HasSubstr("there twice"));
  EXPECT_EQ(ErrorOf("{}"), "'kty' is missing");
  EXPECT_EQ(ErrorOf(R"({"kty":1})"), "'kty' must be a string");
  EXPECT_EQ(ErrorOf(R"({"kty":"oct"})"), "JWK: 'kty' must be OKP, EC or RSA");
  EXPECT_EQ(ErrorOf(Okp(R"(,"use":"enc")")),
            "JWK: 'use' must be sig for such a key");
  EXPECT_EQ(ErrorOf(Okp(R"(,"alg":"ES256")")),
            "JWK: 'alg' must be EdDSA for such a key");
  EXPECT_EQ(ErrorOf(Okp(R"(,"alg":"none")")),
            "JWK: 'alg' must be EdDSA for such a key");
  EXPECT_EQ(ErrorOf(Okp(R"(,"key_ops":["sign"])")),
            "JWK: 'key_ops' does not have verify");
  EXPECT_EQ(ErrorOf(R"({"kty":"OKP","crv":"X25519","x":"AAAA"})"),
            "JWK: 'crv' of OKP must be Ed25519");
  EXPECT_EQ(ErrorOf(R"({"kty":"EC","crv":"P-384","x":"AAAA","y":"AAAA"})"),
            "JWK: 'crv' of EC must be P-256");
  EXPECT_EQ(ErrorOf(R"({"kty":"OKP","crv":"Ed25519","x":"AA=="})"),
            "JWK: 'x' is not base64url");
}

TEST(Jwk, APrivateKeyIsNotTakenForAPublicOne) {
  EXPECT_EQ(
      ErrorOf(Okp(R"(,"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")")),
      "JWK: 'd' is secret and must not be published: replace this key");
}

TEST(Jwks, HasNoSecrets) {
  std::vector<Key> keys;
  for (const Algorithm algorithm : kAlgorithms)
    keys.push_back(NewKey(algorithm));
  const auto text = ToJwks(keys);
  ASSERT_TRUE(text.ok()) << text.status();
  for (const char* secret : {"\"d\"", "\"p\"", "\"q\"", "PRIVATE"}) {
    EXPECT_THAT(*text, Not(HasSubstr(secret)));
  }
  const auto set = FromJwks(*text);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(set->skipped, IsEmpty());
  ASSERT_THAT(set->keys, SizeIs(3));
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(set->keys[i].id(), keys[i].id());
    EXPECT_FALSE(set->keys[i].can_sign());
  }
  EXPECT_EQ(*ToJwks({}), R"({"keys":[]})");
}

TEST(Jwks, KeysForOthersAreLeftOut) {
  const auto set =
      FromJwks(StrCat(R"({"keys":[{"kty":"oct","k":"AAAA","kid":"mac"},)",
                      Okp(""), R"(,{"kty":"RSA","use":"enc"}],"more":1})"));
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(set->keys, SizeIs(1));
  EXPECT_THAT(set->skipped,
              ElementsAre("key 'mac': JWK: 'k' is secret and must not be "
                          "published: replace this key",
                          "key 2: JWK: 'use' must be sig for such a key"));
}

TEST(Jwks, RefusesWhatIsNoSet) {
  const auto error = [](std::string_view text) {
    const auto set = FromJwks(text);
    EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(MessageOf(set.status()));
  };
  EXPECT_THAT(error("<html>"), HasSubstr("JWK set: line 1, column 1"));
  EXPECT_EQ(error("{}"), "JWK set: 'keys' is missing");
  EXPECT_EQ(error(R"({"keys":{}})"), "'keys' must be a list of objects");
  EXPECT_EQ(error(R"({"keys":[1]})"), "'keys' must be a list of objects");
  EXPECT_EQ(error(StrCat(R"({"keys":[)", Okp(""), ",", Okp(""), "]}")),
            "JWK set: two keys have the id "
            "'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'");
  EXPECT_EQ(error(std::string(65537, ' ')),
            "JWK set: 65537 bytes; at most 65536");
  std::string many = R"({"keys":[{})";
  for (int i = 0; i < 100; ++i) many += ",{}";
  EXPECT_EQ(error(many + "]}"), "JWK set: more than 100 keys");
}

}  // namespace
}  // namespace millrace::tokens
