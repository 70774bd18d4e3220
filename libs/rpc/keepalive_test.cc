// What becomes of calls whose other side has vanished without a word.

#include "rpc/test_proxy.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

constexpr absl::Duration kOften = absl::Milliseconds(50);
// More than a busy machine keeps an answer back.
constexpr absl::Duration kPatience = absl::Seconds(2);

class KeepaliveTest : public RpcTest {
 protected:
  // A call whose handler answers when it is aborted, and which has arrived.
  void Begin() {
    echo_.say = [this](Call call, EchoRequest) {
      signal_ = call.signal;
      return UntilAborted(call.signal);
    };
    reply_ = AsStatusOr(Say(Request("")));
    RunUntil([this] { return signal_.has_value(); });
  }

  std::optional<TestProxy> proxy_;
  std::optional<AbortSignal> signal_;  // the handler's
  std::optional<Promise<absl::StatusOr<EchoReply>>> reply_;
};

TEST_F(KeepaliveTest, AClientGivesUpAServerThatIsSilent) {
  StartServer({.least_ping_interval = absl::Milliseconds(1)});
  proxy_.emplace(loop_, server_->port());
  Connect({.target = proxy_->address(),
           .keepalive_interval = kOften,
           .keepalive_timeout = kPatience});
  Begin();
  proxy_->FallSilent();
  const absl::Status status = Await(*reply_)->status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_FALSE(signal_->aborted());
  proxy_.reset();
  RunUntil([this] { return signal_->aborted(); });
}

TEST_F(KeepaliveTest, AServerGivesUpAClientThatIsSilent) {
  StartServer({.keepalive_interval = kOften, .keepalive_timeout = kPatience});
  proxy_.emplace(loop_, server_->port());
  Connect({.target = proxy_->address()});
  Begin();
  proxy_->FallSilent();
  RunUntil([this] { return signal_->aborted(); });
  channel_.reset();
  EXPECT_FALSE(Await(*reply_)->ok());
}

TEST_F(KeepaliveTest, WhoPingsTooOftenIsToldToGo) {
  StartServer({.least_ping_interval = absl::Minutes(1)});
  Connect(
      {.keepalive_interval = kOften, .keepalive_timeout = absl::Seconds(60)});
  Begin();
  const absl::Status status = Await(*reply_)->status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
}

}  // namespace
}  // namespace millrace::rpc
