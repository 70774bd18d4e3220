// Who may call what: every method of every contract, as the descriptors have
// them, with every kind of token. A new method is in the table by itself; one
// that no process serves, or that is served without being asked who calls,
// fails here.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/strings.h"
#include "millrace/v1/contract.pb.h"
#include "tests/identity/platform.h"
#include "tokens/jwt.h"

namespace millrace::testing {
namespace {

using absl::StatusCode;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Matcher;

namespace pb = google::protobuf;

struct Method {
  std::string path;  // "/users.v1.UsersService/GetUser"
  ::millrace::v1::Access access;
  bool streams = false;  // one way or the other
};

std::vector<Method> MethodsOf(const pb::FileDescriptorProto& file) {
  std::vector<Method> methods;
  for (const pb::ServiceDescriptorProto& service : file.service()) {
    if (service.options().HasExtension(::millrace::v1::emitter)) continue;
    for (const pb::MethodDescriptorProto& method : service.method()) {
      methods.push_back(
          {StrCat("/", file.package(), ".", service.name(), "/", method.name()),
           method.options().GetExtension(::millrace::v1::access),
           method.client_streaming() || method.server_streaming()});
    }
  }
  return methods;
}

std::vector<Method> AllMethods() {
  std::ifstream file(MILLRACE_CONTRACT_SET, std::ios::binary);
  pb::FileDescriptorSet set;
  EXPECT_TRUE(set.ParseFromIstream(&file)) << MILLRACE_CONTRACT_SET;
  std::vector<Method> methods;
  for (const pb::FileDescriptorProto& one : set.file()) {
    for (Method& method : MethodsOf(one)) methods.push_back(std::move(method));
  }
  return methods;
}

// What the rows of a table say of one who was let in: the request is empty, and
// the handler, or the rules before it, say what they say of that.
Matcher<StatusCode> LetIn(const Method& method) {
  if (method.streams) {
    return AnyOf(StatusCode::kOk, StatusCode::kInvalidArgument,
                 StatusCode::kNotFound, StatusCode::kDeadlineExceeded);
  }
  return AnyOf(StatusCode::kOk, StatusCode::kInvalidArgument,
               StatusCode::kNotFound);
}

class AccessTableTest : public ::testing::Test {
 protected:
  static std::string TokenWith(Platform& platform,
                               std::vector<std::string> permissions) {
    tokens::Claims claims = Platform::GoodClaims();
    claims.permissions = std::move(permissions);
    return *tokens::IssueToken(platform.SigningKey(), claims);
  }

  // Through both faces; streams through gRPC, whose answers are the same.
  void Expect(const Method& method, const std::string& what,
              const std::string& token, const Matcher<StatusCode>& expected) {
    runtime::Host& host = platform_->users();
    // Who is let into a stream may wait there for ever.
    const absl::Duration timeout =
        method.streams ? absl::Seconds(2) : absl::Seconds(20);
    EXPECT_THAT(platform_->Grpc(host, method.path, "", token, timeout),
                expected)
        << method.path << " over gRPC, " << what;
    if (method.streams) return;
    EXPECT_THAT(platform_->Http(host, method.path, "{}", token), expected)
        << method.path << " over HTTP, " << what;
  }

  const std::unique_ptr<Platform> platform_ = Platform::WithAccess();
  const std::vector<Method> methods_ = AllMethods();
};

TEST_F(AccessTableTest, HasEveryMethodOfThePlatform) {
  std::vector<std::string> paths;
  for (const Method& method : methods_) paths.push_back(method.path);
  for (const char* path :
       {"/users.v1.UsersService/GetUser", "/users.v1.SessionsService/Login",
        "/admin.v1.AdminService/GrantPermissions",
        "/templates.v1.TemplatesService/RenderTemplate",
        "/millrace.v1.BusService/Emit"}) {
    EXPECT_THAT(paths, Contains(path));
  }
}

TEST_F(AccessTableTest, NobodyAndBadTokens) {
  const auto bad = platform_->BadTokens();
  for (const Method& method : methods_) {
    Expect(method, "no token", "",
           method.access.anybody()
               ? LetIn(method)
               : Matcher<StatusCode>(StatusCode::kUnauthenticated));
    for (const char* what : {"expired", "wrong key", "algorithm"}) {
      Expect(method, what, bad.at(what), StatusCode::kUnauthenticated);
    }
  }
}

TEST_F(AccessTableTest, AGoodTokenWithoutThePermission) {
  // Of everything but what is asked for.
  for (const Method& method : methods_) {
    const auto& access = method.access;
    const bool asks = !access.permission().empty() || !access.self().empty();
    const std::string token =
        TokenWith(*platform_, {"nothing.at.all", access.permission() + ".x"});
    Expect(method, "without the permission", token,
           asks ? Matcher<StatusCode>(StatusCode::kPermissionDenied)
                : LetIn(method));
  }
}

TEST_F(AccessTableTest, AGoodTokenWithThePermission) {
  for (const Method& method : methods_) {
    const std::string& permission = method.access.permission();
    // About oneself alone: an empty request is about nobody.
    if (permission.empty() && !method.access.self().empty()) continue;
    Expect(method, "with the permission", TokenWith(*platform_, {permission}),
           LetIn(method));
  }
}

}  // namespace
}  // namespace millrace::testing
