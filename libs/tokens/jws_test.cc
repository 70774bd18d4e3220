#include "tokens/jws.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/test_support.h"

namespace millrace::tokens {
namespace {

using ::testing::HasSubstr;

// Why the text is not taken, "" when it is.
std::string ErrorOf(std::string_view text, const KeySet& keys) {
  const auto jws = ReadJws(text);
  if (!jws.ok()) {
    EXPECT_EQ(jws.status().code(), absl::StatusCode::kUnauthenticated);
    return std::string(MessageOf(jws.status()));
  }
  const auto key = KeyOf(*jws, keys);
  if (!key.ok()) return std::string(MessageOf(key.status()));
  return std::string(MessageOf(VerifyJws(*jws, **key)));
}

TEST(Jws, IsReadAsItWasSigned) {
  const Key key = NewKey();
  const auto text = SignJws(key, "at+jwt", "payload");
  ASSERT_TRUE(text.ok()) << text.status();
  const auto jws = ReadJws(*text);
  ASSERT_TRUE(jws.ok()) << jws.status();
  EXPECT_EQ(jws->algorithm, "EdDSA");
  EXPECT_EQ(jws->key_id, key.id());
  EXPECT_EQ(jws->type, "at+jwt");
  EXPECT_EQ(jws->payload, "payload");
  EXPECT_EQ(ErrorOf(*text, KeySet({key})), "");
}

TEST(Jws, RefusesAnotherForm) {
  const Key key = NewKey();
  const KeySet keys({key});
  const std::string good = *SignJws(key, "at+jwt", "payload");
  EXPECT_EQ(ErrorOf("", keys), "token refused: it has not three parts");
  EXPECT_EQ(ErrorOf(good.substr(0, good.rfind('.')), keys),
            "token refused: it has not three parts");
  EXPECT_EQ(ErrorOf(good + ".", keys), "token refused: it has not three parts");
  EXPECT_EQ(ErrorOf("=" + good, keys),
            "token refused: the header is not canonical base64url");
  EXPECT_EQ(ErrorOf(good + "=", keys),
            "token refused: the signature is not canonical base64url");
  EXPECT_EQ(ErrorOf(StrCat(ToBase64Url(R"({"alg":"EdDSA"})"), ".AB.AA"), keys),
            "token refused: the payload is not canonical base64url");
  EXPECT_EQ(ErrorOf(std::string(8193, 'a'), keys),
            "token refused: 8193 bytes; at most 8192 are read");
}

TEST(Jws, RefusesAnotherHeader) {
  const Key key = NewKey();
  const KeySet keys({key});
  const auto error = [&](std::string_view header) {
    return ErrorOf(Signed(key, header, "payload"), keys);
  };
  EXPECT_EQ(error(R"({"alg":"EdDSA"})"), "");
  EXPECT_THAT(error(R"({"alg":"EdDSA","alg":"EdDSA"})"),
              HasSubstr("the key 'alg' is there twice"));
  EXPECT_THAT(error(R"({"alg":"EdDSA",})"), HasSubstr("the header is wrong"));
  EXPECT_THAT(error(R"([])"), HasSubstr("the header is wrong"));
  EXPECT_EQ(error(R"({})"), "token refused: 'alg' is missing");
  EXPECT_EQ(error(R"({"alg":["EdDSA"]})"),
            "token refused: 'alg' must be a string");
  EXPECT_EQ(error(R"({"alg":"EdDSA","kid":7})"),
            "token refused: 'kid' must be a string");
  EXPECT_EQ(error(R"({"alg":"EdDSA","crit":["b64"],"b64":false})"),
            "token refused: 'crit' asks for an extension, and none is known "
            "here");
  EXPECT_EQ(error(R"({"alg":"EdDSA","crit":[]})"),
            "token refused: 'crit' asks for an extension, and none is known "
            "here");
}

TEST(Jws, TheAlgorithmIsTheKeys) {
  for (const Algorithm algorithm : kAlgorithms) {
    const Key key = NewKey(algorithm);
    const KeySet keys({key});
    const auto error = [&](std::string_view alg) {
      return ErrorOf(Signed(key, StrCat(R"({"alg":")", alg, "\"}"), "payload"),
                     keys);
    };
    EXPECT_EQ(error(NameOf(algorithm)), "");
    EXPECT_EQ(error("none"), "token refused: it is not signed (alg none)");
    const std::string wrong = StrCat(
        "token refused: alg is not that of the key, ", NameOf(algorithm));
    for (const char* alg : {"HS256", "HS512", "RS512", "PS256", "ES384", "NONE",
                            "eddsa", "Ed25519", "ES256 "}) {
      EXPECT_EQ(error(alg), wrong) << alg;
    }
    for (const Algorithm other : kAlgorithms) {
      if (other == algorithm) continue;
      EXPECT_EQ(error(NameOf(other)), wrong);
    }
  }
}

TEST(Jws, RefusesAnotherSignature) {
  const Key key = NewKey();
  const KeySet keys({key});
  const std::string good = *SignJws(key, "at+jwt", "payload");
  const size_t dot = good.rfind('.');
  EXPECT_EQ(ErrorOf(good.substr(0, dot + 1), keys),
            "token refused: the signature is missing");
  std::string changed = good;
  changed[dot + 5] = changed[dot + 5] == 'A' ? 'B' : 'A';
  EXPECT_EQ(ErrorOf(changed, keys), "token refused: the signature is wrong");
  // The key in the header is the attacker's.
  const Key other = NewKey();
  EXPECT_EQ(ErrorOf(Signed(other,
                           StrCat(R"({"alg":"EdDSA","kid":")", key.id(),
                                  R"(","jwk":)", other.public_members(), "}"),
                           "payload"),
                    keys),
            "token refused: the signature is wrong");
}

TEST(Jws, NamesItsKey) {
  const Key one = NewKey();
  const Key two = NewKey(Algorithm::kEs256);
  const std::string named = *SignJws(one, "at+jwt", "payload");
  const std::string nameless = Signed(one, R"({"alg":"EdDSA"})", "payload");
  EXPECT_EQ(ErrorOf(named, KeySet({two, one})), "");
  EXPECT_EQ(ErrorOf(named, KeySet({two})),
            "token refused: its key is not known here");
  EXPECT_EQ(ErrorOf(nameless, KeySet({one})), "");
  EXPECT_EQ(ErrorOf(nameless, KeySet({two, one})),
            "token refused: it names no key ('kid'), and there are several");
  EXPECT_EQ(ErrorOf(nameless, KeySet()), "token refused: no key is known here");
}

TEST(Jws, IsNotWrittenLongerThanItIsRead) {
  EXPECT_EQ(SignJws(NewKey(), "at+jwt", std::string(8000, 'p')).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace millrace::tokens
