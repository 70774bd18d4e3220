#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/strings.h"
#include "tests/identity/platform.h"
#include "tokens/jwt.h"
#include "users/v1/sessions.pb.h"

namespace millrace::testing {
namespace {

using absl::StatusCode;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using tokens::IssueToken;

constexpr char kOpen[] = "/users.v1.SessionsService/GetJwks";
constexpr char kOwn[] = "/users.v1.SessionsService/ChangePassword";
constexpr char kOwnJson[] =
    R"({"oldPassword":"correct horse","newPassword":"battery staple"})";
constexpr char kGreet[] = "/sample.v1.GreeterService/Greet";

std::string OwnBytes() {
  ::users::v1::ChangePasswordRequest request;
  request.set_old_password("correct horse");
  request.set_new_password("battery staple");
  return request.SerializeAsString();
}

class IdentityTest : public ::testing::Test {
 protected:
  std::string GoodToken() {
    return *IssueToken(platform_.SigningKey(), Platform::GoodClaims());
  }

  Platform platform_;
};

TEST_F(IdentityTest, WithoutATokenWhatIsOpenIsOpen) {
  runtime::Host& users = platform_.users();
  EXPECT_EQ(platform_.Http(users, kOpen, "{}", ""), StatusCode::kOk);
  EXPECT_EQ(platform_.Grpc(users, kOpen, "", ""), StatusCode::kOk);
  EXPECT_EQ(platform_.Http(users, kOwn, kOwnJson, ""),
            StatusCode::kUnauthenticated);
  EXPECT_EQ(platform_.Grpc(users, kOwn, OwnBytes(), ""),
            StatusCode::kUnauthenticated);
}

TEST_F(IdentityTest, ABadTokenOpensNothing) {
  runtime::Host& users = platform_.users();
  for (const auto& [what, token] : platform_.BadTokens()) {
    EXPECT_EQ(platform_.Http(users, kOpen, "{}", token),
              StatusCode::kUnauthenticated)
        << what;
    EXPECT_EQ(platform_.Grpc(users, kOpen, "", token),
              StatusCode::kUnauthenticated)
        << what;
    EXPECT_EQ(platform_.Http(users, kOwn, kOwnJson, token),
              StatusCode::kUnauthenticated)
        << what;
    EXPECT_EQ(platform_.Grpc(users, kOwn, OwnBytes(), token),
              StatusCode::kUnauthenticated)
        << what;
  }
}

// The person of the token is not there, which only the handler knows.
TEST_F(IdentityTest, AGoodTokenSaysWhoCalls) {
  runtime::Host& users = platform_.users();
  const std::string token = GoodToken();
  EXPECT_EQ(platform_.Http(users, kOpen, "{}", token), StatusCode::kOk);
  EXPECT_EQ(platform_.Grpc(users, kOpen, "", token), StatusCode::kOk);
  EXPECT_EQ(platform_.Http(users, kOwn, kOwnJson, token),
            StatusCode::kNotFound);
  EXPECT_EQ(platform_.Grpc(users, kOwn, OwnBytes(), token),
            StatusCode::kNotFound);
}

TEST_F(IdentityTest, OtherProcessesFetchTheKeys) {
  runtime::Host& greeter = platform_.greeter();
  const std::string json = R"({"name":"Ada"})";
  EXPECT_EQ(platform_.Http(greeter, kGreet, json, ""), StatusCode::kOk);
  const std::string token = GoodToken();
  EXPECT_EQ(platform_.Http(greeter, kGreet, json, token), StatusCode::kOk);
  for (const auto& [what, bad] : platform_.BadTokens()) {
    EXPECT_EQ(platform_.Http(greeter, kGreet, json, bad),
              StatusCode::kUnauthenticated)
        << what;
  }
}

TEST_F(IdentityTest, TheKeysAreAtTheirWellKnownPlace) {
  EXPECT_THAT(
      platform_.Get(platform_.users(), "/.well-known/jwks.json"),
      AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr(platform_.SigningKey().id()),
            HasSubstr("max-age=300"), Not(HasSubstr("\"d\""))));
}

}  // namespace
}  // namespace millrace::testing
