#include "runtime/token_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/test_support.h"
#include "sample/v1/sample.millrace.h"
#include "tokens/jwt.h"

namespace millrace::runtime {
namespace {

using sample::v1::GreeterService;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using tokens::Claims;
using tokens::Key;

class TokenIdentityTest : public ::testing::Test {
 protected:
  Claims Good() const {
    return {.issuer = "https://id.example",
            .subject = "ada",
            .audience = {"millrace"},
            .expiry = clock_.Now() + absl::Minutes(15),
            .permissions = {"users.users.read"}};
  }

  absl::StatusOr<Identity> Identify(Metadata metadata) {
    IncomingCall call;
    call.method = &GreeterService::Info().methods[0];
    call.metadata = std::move(metadata);
    call.peer = "ipv4:10.0.0.1:1";
    EXPECT_FALSE(identity_.Prepare(call));
    return identity_.Identify(call);
  }
  absl::StatusOr<Identity> IdentifyToken(const std::string& token) {
    return Identify({{"authorization", "Bearer " + token}});
  }

  // Why the token is refused, for the log; the caller is told nothing.
  std::string ReasonFor(const Key& key, const Claims& claims) {
    EXPECT_EQ(IdentifyToken(*tokens::IssueToken(key, claims)).status(),
              absl::UnauthenticatedError("the access token is not accepted; "
                                         "refresh it or log in again"));
    const auto lines = logger_.Saying("an access token was refused");
    if (lines.empty()) return "";
    EXPECT_EQ(lines.back().at("method"), "sample.v1.GreeterService/Greet");
    EXPECT_EQ(lines.back().at("peer"), "ipv4:10.0.0.1:1");
    return lines.back().at("reason");
  }

  FakeClock clock_;
  MemoryLogger logger_;
  const Key key_ = *Key::Generate(tokens::Algorithm::kEdDsa);
  tokens::KeySet offered_{{key_}};
  LocalTokenKeys keys_{[this] { return offered_; }};
  TokenIdentity identity_{
      keys_,
      {.issuer = "https://id.example", .audience = "millrace"},
      clock_,
      logger_};
};

TEST_F(TokenIdentityTest, NoTokenIsAnonymous) {
  const auto identity = Identify({});
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->subject, "");
}

TEST_F(TokenIdentityTest, ATokenSaysWhoAndWhat) {
  const auto identity = IdentifyToken(*tokens::IssueToken(key_, Good()));
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->subject, "ada");
  EXPECT_THAT(identity->permissions, ElementsAre("users.users.read"));
  EXPECT_THAT(logger_.lines, IsEmpty());
}

TEST_F(TokenIdentityTest, CallersLearnOnlyThatItIsNotGood) {
  Claims claims = Good();
  claims.expiry = clock_.Now() - absl::Minutes(1);
  EXPECT_EQ(ReasonFor(key_, claims), "token refused: it has expired");
  claims = Good();
  claims.audience = {"billing"};
  EXPECT_EQ(ReasonFor(key_, claims),
            "token refused: it is for another audience");
  claims = Good();
  claims.issuer = "https://evil.example";
  EXPECT_EQ(ReasonFor(key_, claims), "token refused: it is of another issuer");
  const Key other = *Key::Generate(tokens::Algorithm::kEdDsa);
  EXPECT_EQ(ReasonFor(other, Good()),
            "token refused: its key is not known here");
  EXPECT_EQ(ReasonFor(other.WithId(key_.id()), Good()),
            "token refused: the signature is wrong");
  const Key rsa = *Key::Generate(tokens::Algorithm::kRs256);
  EXPECT_EQ(ReasonFor(rsa.WithId(key_.id()), Good()),
            "token refused: alg is not that of the key, EdDSA");
}

TEST_F(TokenIdentityTest, WithoutKeysNobodyCanSay) {
  offered_ = tokens::KeySet();
  EXPECT_EQ(IdentifyToken(*tokens::IssueToken(key_, Good())).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Identify({}).ok());
}

TEST_F(TokenIdentityTest, IsRememberedForAMinuteAndNoLongerThanItLives) {
  const std::string token = *tokens::IssueToken(key_, Good());
  EXPECT_TRUE(IdentifyToken(token).ok());
  offered_ = tokens::KeySet({*Key::Generate(tokens::Algorithm::kEdDsa)});
  clock_.Advance(absl::Seconds(59));
  EXPECT_TRUE(IdentifyToken(token).ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_FALSE(IdentifyToken(token).ok());
  offered_ = tokens::KeySet({key_});
  Claims claims = Good();
  claims.expiry = clock_.Now() + absl::Seconds(1);
  const std::string brief = *tokens::IssueToken(key_, claims);
  EXPECT_TRUE(IdentifyToken(brief).ok());
  clock_.Advance(absl::Seconds(31));
  EXPECT_FALSE(IdentifyToken(brief).ok());
}

TEST_F(TokenIdentityTest, RemembersABoundedNumber) {
  for (int i = 0; i < 5000; ++i) {
    Claims claims = Good();
    claims.id = std::to_string(i);
    ASSERT_TRUE(IdentifyToken(*tokens::IssueToken(key_, claims)).ok());
  }
}

}  // namespace
}  // namespace millrace::runtime
