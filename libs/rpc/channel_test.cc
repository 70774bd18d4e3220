#include "rpc/channel.h"

#include <map>

#include "base/strings.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

using ChannelTest = RpcTest;

TEST_F(ChannelTest, ATargetThatIsAwayIsNamed) {
  StartServer();
  const std::string target = address();
  Connect();
  server_.reset();
  const absl::Status status = Await(Say(Request(""))).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(MessageOf(status).starts_with(StrCat(target, ": "))) << status;
}

TEST_F(ChannelTest, ReconnectsWhenTheServerIsBack) {
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

TEST_F(ChannelTest, AClosedChannelCancelsItsCalls) {
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

TEST_F(ChannelTest, AnAbortedSignalStartsNoCall) {
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

TEST_F(ChannelTest, AServerThatGoesAwayEndsItsCalls) {
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

TEST_F(ChannelTest, ATimeoutIsForCallsWithoutASoonerDeadline) {
  StartServer();
  Connect({.timeout = absl::Minutes(1)});
  absl::Time deadline;
  echo_.say = [&](Call call, EchoRequest) {
    deadline = call.context.deadline;
    return Promise<EchoReply>::Resolve(Reply(""));
  };
  const absl::Time before = absl::Now();
  Call call;
  EXPECT_TRUE(Await(Say(Request(""), call)).ok());
  EXPECT_GT(deadline, before + absl::Seconds(59));
  EXPECT_LT(deadline, absl::Now() + absl::Seconds(61));
  call.context.deadline = before + absl::Seconds(30);
  EXPECT_TRUE(Await(Say(Request(""), call)).ok());
  EXPECT_LT(deadline, before + absl::Seconds(31));
  call.context.deadline = before + absl::Hours(1);
  EXPECT_TRUE(Await(Say(Request(""), call)).ok());
  EXPECT_LT(deadline, absl::Now() + absl::Seconds(61));
}

TEST_F(ChannelTest, ATimeoutEndsACall) {
  StartServer();
  Connect({.timeout = absl::Milliseconds(30)});
  echo_.say = [&](Call call, EchoRequest) { return UntilAborted(call.signal); };
  EXPECT_EQ(Await(Say(Request(""))).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

// As a name in DNS has several addresses.
TEST_F(ChannelTest, CallsTakeTurnsOverTheAddressesThatAreUp) {
  StartServer();
  TestEcho other;
  other.say = [](Call, EchoRequest) {
    return Promise<EchoReply>::Resolve(Reply("other"));
  };
  DirectDispatcher dispatcher({test::BindEcho(other)});
  auto second = ValueOrThrow(Server::Start(*engine_, {.transport = transport()},
                                           dispatcher, logger_, metrics_));
  Connect(
      {.target = StrCat("ipv4:", address(), ",127.0.0.1:", second->port())});
  std::map<std::string, int> answers;
  const auto ask = [&] {
    auto reply = Await(Say(Request("one")));
    ASSERT_TRUE(reply.ok()) << reply.status();
    ++answers[reply->text()];
  };
  while (answers.size() < 2) ask();  // until there is a connection to each
  answers.clear();
  for (int i = 0; i < 10; ++i) ask();
  EXPECT_EQ(answers["one"], 5);
  EXPECT_EQ(answers["other"], 5);

  second.reset();
  // Until that is noticed.
  while (!Await(Say(Request("one"))).ok()) {
  }
  answers.clear();
  for (int i = 0; i < 10; ++i) ask();
  EXPECT_EQ(answers["one"], 10);
}

}  // namespace
}  // namespace millrace::rpc
