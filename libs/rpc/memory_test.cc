// What a server may take of memory, however much its clients send.

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "rpc/test_proxy.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

using testing::AnyOf;

constexpr int kClients = 16;
constexpr size_t kMessage = 4 << 20;
// What comes of each message, before the sender stops.
constexpr size_t kHalf = 3 << 20;

class MemoryTest : public RpcTest {
 protected:
  // Clients that each send a part of a large message, and wait.
  void Flood(ServerOptions options) {
    options.max_message_bytes = 2 * kMessage;
    StartServer(std::move(options));
    proxy_.emplace(loop_, server_->port(), kHalf);
    for (int i = 0; i < kClients; ++i) {
      clients_.push_back(NewChannel(
          *engine_,
          {.target = proxy_->address(), .max_message_bytes = 2 * kMessage}));
      calls_.push_back(AsStatusOr(
          clients_.back()->Unary(test::SayMethod(), Call(), large_)));
    }
  }

  int Ended() const {
    return static_cast<int>(
        std::count_if(calls_.begin(), calls_.end(),
                      [](const auto& call) { return call.settled(); }));
  }

  // One who comes afterwards is served.
  void ExpectService() {
    Connect();
    const auto reply = Await(Say(Request("hello")));
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->text(), "hello");
  }

  const EchoRequest large_ = Request(std::string(kMessage, 'x'));
  std::optional<TestProxy> proxy_;
  std::vector<std::unique_ptr<Channel>> clients_;
  std::vector<Promise<absl::StatusOr<MessagePtr>>> calls_;
};

TEST_F(MemoryTest, WithoutABoundAFloodOfLargeMessagesIsHeld) {
  Flood({});
  RunUntil([this] { return proxy_->clients_held() == kClients; });
  ExpectService();
  EXPECT_EQ(Ended(), 0);
}

TEST_F(MemoryTest, AFloodOfLargeMessagesIsBounded) {
  constexpr size_t kMost = 16 << 20;
  Flood({.max_memory_bytes = kMost});
  // As many calls end as are too many.
  RunUntil([this] {
    const int left = kClients - Ended();
    return static_cast<size_t>(left) * kHalf <= kMost;
  });
  for (const auto& call : calls_) {
    if (!call.settled()) continue;
    // Cancelled, or the connection was ended.
    EXPECT_THAT(call.value().status().code(),
                AnyOf(absl::StatusCode::kResourceExhausted,
                      absl::StatusCode::kUnavailable))
        << call.value().status();
  }
  ExpectService();
}

TEST_F(MemoryTest, ABoundBelowOneMessageIsRefused) {
  const auto server = Server::Start(
      *engine_, {.max_message_bytes = 4096, .max_memory_bytes = 4095},
      dispatcher_, logger_, metrics_);
  EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument)
      << server.status();
}

}  // namespace
}  // namespace millrace::rpc
