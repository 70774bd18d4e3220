// A name whose addresses change. gRPC is told to ask the system for them, and
// the system is this file.

#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>

#include <atomic>
#include <string_view>

#include "base/strings.h"
#include "rpc/test_support.h"

namespace {

constexpr std::string_view kName = "echo.millrace.invalid";
std::atomic<const char*> address_of_name = "127.0.0.1";

}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service,
                           const addrinfo* hints, addrinfo** result) {
  using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real =
      reinterpret_cast<Real>(dlsym(RTLD_NEXT, "getaddrinfo"));
  const bool ours = node != nullptr && node == kName;
  return real(ours ? address_of_name.load() : node, service, hints, result);
}

namespace millrace::rpc {
namespace {

class ResolveTest : public RpcTest {
 protected:
  // Before gRPC begins, which looks once.
  static void SetUpTestSuite() { setenv("GRPC_DNS_RESOLVER", "native", 1); }
};

TEST_F(ResolveTest, ANameIsFollowedToItsNewAddress) {
  StartServer({.address = "127.0.0.1:0"});
  echo_.say = [](Call, EchoRequest) {
    return Promise<EchoReply>::Resolve(Reply("old"));
  };
  TestEcho other;
  other.say = [](Call, EchoRequest) {
    return Promise<EchoReply>::Resolve(Reply("new"));
  };
  DirectDispatcher dispatcher({test::BindEcho(other)});
  const int port = server_->port();
  ServerOptions options;
  options.address = StrCat("127.0.0.2:", port);
  options.transport = transport();
  const auto second = ValueOrThrow(
      Server::Start(*engine_, options, dispatcher, logger_, metrics_));
  Connect({.target = StrCat("dns:///", kName, ":", port),
           .resolve_pause = absl::Milliseconds(10)});
  auto reply = Await(Say(Request("")));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text(), "old");

  address_of_name = "127.0.0.2";
  server_.reset();
  do {
    ASSERT_EQ(Await(Delay(absl::Milliseconds(10))), absl::OkStatus());
    reply = Await(Say(Request("")));
  } while (reply.status().code() == absl::StatusCode::kUnavailable);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text(), "new");
}

}  // namespace
}  // namespace millrace::rpc
