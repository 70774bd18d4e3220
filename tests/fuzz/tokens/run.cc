#include "tests/fuzz/tokens/run.h"

#include "base/strings.h"
#include "tokens/base64url.h"
#include "tokens/jwk.h"
#include "tokens/jws.h"
#include "tokens/jwt.h"

namespace millrace::tokens {
namespace {

using fuzz::Demand;

// Signs nothing that the fuzzer could learn to sign: it is made anew.
const Key& OurKey() {
  static const Key* const kKey =
      new Key(Key::Generate(Algorithm::kEdDsa)->WithId("ours"));
  return *kKey;
}

const Key& OtherKey() {
  static const Key* const kKey =
      new Key(Key::Generate(Algorithm::kEs256)->WithId("other"));
  return *kKey;
}

const Expectations kExpected = {.issuer = "https://id.example",
                                .audience = "millrace"};
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

Claims GoodClaims() {
  return {.issuer = kExpected.issuer,
          .subject = "ada",
          .audience = {kExpected.audience, "other"},
          .expiry = kNow + absl::Minutes(15),
          .not_before = kNow,
          .issued_at = kNow,
          .id = "token",
          .session = "session",
          .permissions = {"users.users.read"}};
}

void DemandCode(const absl::Status& status, absl::StatusCode code) {
  Demand(status.code() == code && !MessageOf(status).empty(),
         "an error has its code and says why");
}

Outcome RunToken(std::string_view text) {
  const KeySet keys({OurKey()});
  // Nobody else can sign: whatever is not refused was not made by a fuzzer.
  Demand(!VerifyToken(text, keys, kExpected, kNow).ok(), "no forged token");
  const auto jws = ReadJws(text);
  if (!jws.ok()) {
    DemandCode(jws.status(), absl::StatusCode::kUnauthenticated);
    return Outcome::kRefused;
  }
  Demand(text.size() <= kMaxTokenBytes, "tokens are bounded");
  const std::string again =
      StrCat(jws->signed_part, ".", ToBase64Url(jws->signature));
  Demand(again == text, "a token has one spelling");
  return Outcome::kRead;
}

// A token whose header is a fuzzer's and whose signature and claims are good.
Outcome RunHeader(std::string_view header) {
  const std::string text =
      StrCat(ToBase64Url(header), ".", ToBase64Url(*ToJson(GoodClaims())));
  const std::string token =
      StrCat(text, ".", ToBase64Url(*OurKey().Sign(text)));
  const auto verify = [&](std::vector<Key> keys) {
    const auto claims =
        VerifyToken(token, KeySet(std::move(keys)), kExpected, kNow);
    Demand(claims.ok() || absl::IsUnauthenticated(claims.status()) ||
               absl::IsNotFound(claims.status()),
           "a header that is refused is the bearer's mistake");
    return claims.ok();
  };
  const bool alone = verify({OurKey()});
  Demand(!verify({OtherKey()}), "a signature is one key's");
  const auto jws = ReadJws(token);
  Demand(jws.ok() || !alone, "no token without its header");
  if (!jws.ok()) return Outcome::kRefused;
  Demand(!alone || (jws->algorithm == "EdDSA" &&
                    (jws->key_id.empty() || jws->key_id == "ours")),
         "the algorithm is the key's, and the key is the one that is named");
  Demand(verify({OtherKey(), OurKey()}) == (alone && !jws->key_id.empty()),
         "of several keys one is named");
  return alone ? Outcome::kRead : Outcome::kRefused;
}

Outcome RunClaims(std::string_view payload) {
  const auto claims = ReadClaims(payload);
  const auto token = SignJws(OurKey(), "at+jwt", payload);
  if (token.ok()) {
    const bool good =
        VerifyToken(*token, KeySet({OurKey()}), kExpected, kNow).ok();
    Demand(claims.ok() || !good, "no token without its claims");
  }
  if (!claims.ok()) {
    DemandCode(claims.status(), absl::StatusCode::kInvalidArgument);
    return Outcome::kRefused;
  }
  Demand(!claims->subject.empty(), "a token is somebody's");
  const auto json = ToJson(*claims);
  Demand(json.ok() && ReadClaims(*json).ok(), "claims can be written again");
  return Outcome::kRead;
}

// OpenSSL looks for factors of a modulus by chance: one of a fuzzer's, which is
// no product of two primes, passes now and is refused then, about once in a
// hundred times.
bool IsRead(const std::string& jwks, size_t keys) {
  for (int tries = 0; tries < 10; ++tries) {
    const auto set = FromJwks(jwks);
    if (set.ok() && set->keys.size() == keys && set->skipped.empty()) {
      return true;
    }
  }
  return false;
}

Outcome RunKeys(std::string_view text) {
  const auto set = FromJwks(text);
  if (!set.ok()) {
    DemandCode(set.status(), absl::StatusCode::kInvalidArgument);
    return Outcome::kRefused;
  }
  for (const Key& key : set->keys) {
    Demand(!key.can_sign(), "a published key does not sign");
    Demand(!key.Verify("text", "signature"), "a signature is a key's");
  }
  const auto written = ToJwks(set->keys);
  Demand(written.ok(), "a set can be written again");
  Demand(IsRead(*written, set->keys.size()), "what was written is read");
  return set->keys.empty() ? Outcome::kRefused : Outcome::kRead;
}

}  // namespace

Outcome RunInput(std::string_view input) {
  if (input.empty()) return RunToken(input);
  const std::string_view rest = input.substr(1);
  if (input[0] == 'T') return RunToken(rest);
  if (input[0] == 'C') return RunClaims(rest);
  if (input[0] == 'H') return RunHeader(rest);
  return RunKeys(rest);
}

std::vector<std::string> Seeds() {
  const Claims claims = GoodClaims();
  std::vector<std::string> seeds = {
      StrCat("C", *ToJson(claims)),
      R"(K{"keys":[{"kty":"oct","k":"AA"}]})",
      R"(H{"alg":"EdDSA","typ":"at+jwt","kid":"ours"})",
      R"(H{"alg":"EdDSA","typ":"application/JWT"})",
      R"(H{"alg":"ES256","kid":"other","crit":["b64"]})",
      R"(H{"alg":"none"})",
      StrCat("T", *IssueToken(OtherKey().WithId("ours"), claims))};
  std::vector<Key> keys;
  for (const Algorithm algorithm :
       {Algorithm::kEdDsa, Algorithm::kEs256, Algorithm::kRs256}) {
    keys.push_back(*Key::Generate(algorithm));
    seeds.push_back(StrCat("T", *IssueToken(keys.back(), claims)));
    seeds.push_back(StrCat("K", *ToJwks({keys.back()})));
  }
  seeds.push_back(StrCat("K", *ToJwks(keys)));
  return seeds;
}

}  // namespace millrace::tokens
