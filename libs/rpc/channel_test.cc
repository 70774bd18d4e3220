#include "rpc/channel.h"

#include "base/strings.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

TEST_F(RpcTest, ATargetThatIsAwayIsNamed) {
  StartServer();
  const std::string target = address();
  Connect();
  server_.reset();
  const absl::Status status = Await(Say(Request(""))).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(MessageOf(status).starts_with(StrCat(target, ": "))) << status;
}

TEST_F(RpcTest, ReconnectsWhenTheServerIsBack) {
  StartServer();
  const std::string target = address();
  Connect();
  ASSERT_TRUE(Await(Say(Request("one"))).ok());
  server_.reset();
  EXPECT_EQ(Await(Say(Request("two"))).status().code(),
            absl::StatusCode::kUnavailable);
  StartServer({.address = target});
  absl::StatusOr<EchoReply> reply;
  do {
    ASSERT_EQ(Await(Delay(absl::Milliseconds(10))), absl::OkStatus());
    reply = Await(Say(Request("three")));
  } while (reply.status().code() == absl::StatusCode::kUnavailable);
  EXPECT_TRUE(reply.ok()) << reply.status();
}

TEST_F(RpcTest, AClosedChannelCancelsItsCalls) {
  StartServer();
  Connect();
  std::optional<Deferred<EchoReply>> held;
  echo_.say = [&](Call, EchoRequest) {
    held.emplace();
    return held->promise();
  };
  const std::string target = address();
  auto reply = AsStatusOr(Say(Request("")));
  RunUntil([&] { return held.has_value(); });
  channel_.reset();
  EXPECT_EQ(
      Await(reply)->status(),
      absl::CancelledError(StrCat("the channel to ", target, " was closed")));
  held->Resolve(Reply("too late"));
}

TEST_F(RpcTest, AnAbortedSignalStartsNoCall) {
  StartServer();
  Connect();
  bool reached = false;
  echo_.say = [&](Call, EchoRequest) {
    reached = true;
    return Promise<EchoReply>::Resolve(Reply(""));
  };
  AbortController controller;
  controller.Abort(absl::AbortedError("never mind"));
  const Call call = {.signal = controller.signal()};
  EXPECT_EQ(Await(Say(Request(""), call)).status(),
            absl::AbortedError("never mind"));
  EXPECT_EQ(Await(Count(Request(""), call).Next()).status(),
            absl::AbortedError("never mind"));
  EXPECT_FALSE(reached);
}

TEST_F(RpcTest, AServerThatGoesAwayEndsItsCalls) {
  StartServer();
  Connect();
  absl::Status handler_saw;
  bool reached = false;
  echo_.say = [&](Call call, EchoRequest) -> Promise<EchoReply> {
    reached = true;
    return UntilAborted(call.signal).Catch([&](std::exception_ptr error) {
      handler_saw = StatusFrom(error);
      return Reply("");
    });
  };
  auto reply = AsStatusOr(Say(Request("")));
  RunUntil([&] { return reached; });
  server_.reset();
  EXPECT_FALSE(Await(reply)->ok());
  RunUntil([&] { return !handler_saw.ok(); });
}

}  // namespace
}  // namespace millrace::rpc
