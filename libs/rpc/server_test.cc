#include "rpc/server.h"

#include <gmock/gmock.h>
#include <google/protobuf/wrappers.pb.h>

#include <vector>

#include "base/strings.h"
#include "contract/errors.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

using testing::AnyOf;
using testing::Test;

class ServerTest : public RpcTest {
 protected:
  ServerTest() {
    StartServer();
    Connect();
  }
};

TEST_F(ServerTest, AnswersAUnaryCall) {
  absl::StatusOr<EchoReply> reply = Await(Say(Request("hello")));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text(), "hello");
}

TEST_F(ServerTest, CarriesTraceAndDeadline) {
  std::optional<Call> seen;
  echo_.say = [&](Call call, EchoRequest) {
    seen = call;
    return Promise<EchoReply>::Resolve(Reply(""));
  };
  Call call;
  call.context.trace = TraceContext::NewRoot();
  call.context.trace.tracestate = "vendor=1";
  call.context.deadline = absl::Now() + absl::Hours(1);
  ASSERT_TRUE(Await(Say(Request(""), call)).ok());
  EXPECT_EQ(seen->context.trace.trace_id, call.context.trace.trace_id);
  EXPECT_EQ(seen->context.trace.span_id, call.context.trace.span_id);
  EXPECT_EQ(seen->context.trace.tracestate, "vendor=1");
  EXPECT_LT(absl::AbsDuration(seen->context.deadline - call.context.deadline),
            absl::Minutes(1));
}

TEST_F(ServerTest, ErrorsKeepTheirDetails) {
  echo_.say = [](Call, EchoRequest) {
    return Promise<EchoReply>::Reject(InvalidArgument(
        {{"email", "must be an e-mail address"}, {"name", "must be set"}}));
  };
  const absl::Status status = Await(Say(Request(""))).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageOf(status),
            "email: must be an e-mail address; name: must be set");
  const std::vector<FieldViolation> expected = {
      {"email", "must be an e-mail address"}, {"name", "must be set"}};
  EXPECT_EQ(Violations(status), expected);
}

TEST_F(ServerTest, ErrorsTooLargeForHeadersAreCut) {
  echo_.say = [](Call, EchoRequest) {
    std::string text;
    while (text.size() < 100'000) text += "\u00e9";
    return Promise<EchoReply>::Reject(InvalidArgument({{"email", text}}));
  };
  const absl::Status status = Await(Say(Request(""))).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(MessageOf(status).starts_with("email: \u00e9"));
  EXPECT_LT(MessageOf(status).size(), 8192u);
}

TEST_F(ServerTest, UnknownMethodIsNamed) {
  MethodInfo method = test::SayMethod();
  method.path = "/millrace.test.Echo/Sya";
  const absl::Status status =
      Await(channel_->Unary(method, {}, Request(""))).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(MessageOf(status),
            "method /millrace.test.Echo/Sya is not served here; did you mean "
            "'/millrace.test.Echo/Say'?");
}

TEST_F(ServerTest, BytesThatAreNoRequestAreRefused) {
  google::protobuf::BytesValue request;  // where a UTF-8 string belongs
  request.set_value("\xff\xff");
  const absl::Status status =
      Await(channel_->Unary(test::SayMethod(), {}, request)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageOf(status),
            "the 4 bytes received are not a valid millrace.test.EchoRequest");
}

TEST_F(ServerTest, OversizedMessagesAreRefusedEachWay) {
  EchoRequest large = Request("");
  large.set_filler(std::string(5 << 20, 'x'));
  EXPECT_EQ(Await(Say(large)).status().code(),
            absl::StatusCode::kResourceExhausted);
  echo_.say = [](Call, EchoRequest) {
    EchoReply reply;
    reply.set_filler(std::string(5 << 20, 'x'));
    return Promise<EchoReply>::Resolve(std::move(reply));
  };
  EXPECT_EQ(Await(Say(Request(""))).status().code(),
            absl::StatusCode::kResourceExhausted);
  echo_.say = nullptr;
  EXPECT_TRUE(Await(Say(Request("still serving"))).ok());
}

TEST_F(ServerTest, LargeMessagesWithinTheLimitPass) {
  echo_.say = [](Call, EchoRequest request) {
    EchoReply reply;
    reply.set_filler(request.filler());
    return Promise<EchoReply>::Resolve(std::move(reply));
  };
  EchoRequest large = Request("");
  large.set_filler(std::string(3 << 20, 'x'));
  absl::StatusOr<EchoReply> reply = Await(Say(large));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->filler(), large.filler());
}

TEST_F(ServerTest, DeadlinePassesOnBothSides) {
  // A call whose time is over before there is a connection reaches no handler.
  ASSERT_TRUE(Await(Say(Request("connect"))).ok());
  absl::Status handler_saw;
  absl::Time handler_deadline = absl::InfiniteFuture();
  echo_.say = [&](Call call, EchoRequest) -> Promise<EchoReply> {
    handler_deadline = call.context.deadline;
    return UntilAborted(call.signal).Catch([&](std::exception_ptr error) {
      handler_saw = StatusFrom(error);
      return Reply("");
    });
  };
  Call call;
  call.context.deadline = absl::Now() + absl::Milliseconds(300);
  const absl::Status status = Await(Say(Request(""), call)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(MessageOf(status).starts_with(
      StrCat("/millrace.test.Echo/Say at ", address())))
      << status;
  RunUntil([&] { return !handler_saw.ok(); });
  // It travels as the time that is left, so the caller's may pass a moment
  // earlier, and then it is the caller's giving up that arrives.
  EXPECT_THAT(handler_saw.code(), AnyOf(absl::StatusCode::kDeadlineExceeded,
                                        absl::StatusCode::kCancelled));
  EXPECT_NE(handler_deadline, absl::InfiniteFuture());
}

TEST_F(ServerTest, CancellingTheCallerReachesTheHandler) {
  AbortController controller;
  absl::Status handler_saw;
  echo_.say = [&](Call call, EchoRequest) -> Promise<EchoReply> {
    controller.Abort(absl::AbortedError("changed my mind"));
    return UntilAborted(call.signal).Catch([&](std::exception_ptr error) {
      handler_saw = StatusFrom(error);
      return Reply("");
    });
  };
  const absl::Status status =
      Await(Say(Request(""), {.signal = controller.signal()})).status();
  EXPECT_EQ(status, absl::AbortedError("changed my mind"));
  RunUntil([&] { return !handler_saw.ok(); });
  EXPECT_EQ(handler_saw, absl::CancelledError("the caller gave up"));
}

TEST_F(ServerTest, AThrowingHandlerIsAnInternalError) {
  echo_.say = [](Call, EchoRequest) -> Promise<EchoReply> {
    throw std::runtime_error("out of luck");
  };
  const absl::Status status = Await(Say(Request(""))).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
}

TEST_F(ServerTest, AnswersAThousandCallsAtOnce) {
  constexpr int kCalls = 1000;
  std::vector<Deferred<EchoReply>> waiting;
  echo_.say = [&](Call, EchoRequest) {
    waiting.emplace_back();
    Promise<EchoReply> promise = waiting.back().promise();
    if (waiting.size() == kCalls) {
      for (size_t i = 0; i < waiting.size(); ++i) {
        waiting[i].Resolve(Reply("", static_cast<int>(i)));
      }
    }
    return promise;
  };
  std::vector<Promise<EchoReply>> calls;
  for (int i = 0; i < kCalls; ++i) calls.push_back(Say(Request("")));
  absl::StatusOr<std::vector<EchoReply>> replies = Await(All(std::move(calls)));
  ASSERT_TRUE(replies.ok()) << replies.status();
  int64_t sum = 0;
  for (const EchoReply& reply : *replies) sum += reply.number();
  EXPECT_EQ(sum, int64_t{kCalls} * (kCalls - 1) / 2);
}

TEST_F(ServerTest, KeepsTheOrderOfTheLoopAroundAHandler) {
  std::vector<std::string> order;
  echo_.say = [&](Call, EchoRequest) {
    loop_.SetImmediate([&] { order.push_back("immediate"); });
    loop_.QueueMicrotask([&] { order.push_back("microtask"); });
    loop_.NextTick([&] { order.push_back("tick"); });
    order.push_back("handler");
    return Promise<EchoReply>::Resolve(Reply(""));
  };
  ASSERT_TRUE(Await(Say(Request(""))).ok());
  RunUntil([&] { return order.size() == 4; });
  // The handler runs in a microtask: the queue it is in is finished first.
  const std::vector<std::string> expected = {"handler", "microtask", "tick",
                                             "immediate"};
  EXPECT_EQ(order, expected);
}

TEST_F(ServerTest, TimersAndCallsAdvanceTogether) {
  int ticks = 0;
  Timer interval = loop_.SetInterval(absl::Milliseconds(1), [&] { ++ticks; });
  echo_.say = [](Call, EchoRequest) -> Promise<EchoReply> {
    co_await Delay(absl::Milliseconds(2));
    co_return Reply("later");
  };
  for (int i = 0; i < 20; ++i) {
    absl::StatusOr<EchoReply> reply = Await(Say(Request("")));
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->text(), "later");
  }
  loop_.Clear(interval);
  EXPECT_GE(ticks, 20);
}

TEST_F(ServerTest, APortInUseIsNamed) {
  const absl::Status status = Server::Start(*engine_, {.address = address()},
                                            dispatcher_, logger_, metrics_)
                                  .status();
  EXPECT_EQ(status, absl::UnavailableError(
                        StrCat("address ", address(),
                               " is in use; choose another with --grpc-port")));
}

TEST_F(ServerTest, SeveralServersShareAnEngine) {
  auto other = Server::Start(*engine_, {.transport = transport()}, dispatcher_,
                             logger_, metrics_);
  ASSERT_TRUE(other.ok()) << other.status();
  auto channel =
      NewChannel(*engine_, {.target = StrCat("127.0.0.1:", (*other)->port())});
  EXPECT_TRUE(Await(channel->Unary(test::SayMethod(), {}, Request(""))).ok());
  EXPECT_TRUE(Await(Say(Request(""))).ok());
  other->reset();
  EXPECT_TRUE(Await(Say(Request(""))).ok());
}

TEST_F(ServerTest, ServesAUnixSocket) {
  const std::string path =
      StrCat("unix:", testing::TempDir(), "/rpc_test.", getpid(), ".sock");
  const ServerOptions options{.transport = Transport::kGrpc, .address = path};
  auto server =
      Server::Start(*engine_, options, dispatcher_, logger_, metrics_);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ((*server)->port(), 0);
  auto channel = NewChannel(*engine_, {.target = path});
  EXPECT_TRUE(Await(channel->Unary(test::SayMethod(), {}, Request(""))).ok());
  EXPECT_EQ(Server::Start(*engine_, options, dispatcher_, logger_, metrics_)
                .status()
                .code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(RpcTest, AddressesThatCannotBeListenedOn) {
  for (const char* address :
       {"127.0.0.1", "203.0.113.1:0", "127.0.0.1:http-ish", "unix:"}) {
    const ServerOptions options{.transport = Transport::kGrpc,
                                .address = address};
    const absl::Status status =
        Server::Start(*engine_, options, dispatcher_, logger_, metrics_)
            .status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << address;
    EXPECT_TRUE(MessageOf(status).starts_with(StrCat("address ", address)))
        << status;
  }
}

TEST(ServerOptionsTest, WhatNeedsGrpcSaysSo) {
  for (ServerOptions options : {ServerOptions{.address = "unix:/tmp/s"},
                                ServerOptions{.channelz = true}}) {
    const absl::Status refused = options.Validate();
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(MessageOf(refused).find("grpc++"), std::string::npos) << refused;
    options.transport = Transport::kGrpc;
    EXPECT_EQ(options.Validate(), absl::OkStatus());
  }
}

TEST(ServerOptionsTest, RefusesNonsense) {
  EXPECT_TRUE(ServerOptions{}.Validate().ok());
  EXPECT_FALSE(ServerOptions{.address = ""}.Validate().ok());
  EXPECT_FALSE(ServerOptions{.max_message_bytes = 0}.Validate().ok());
  EXPECT_FALSE(ServerOptions{.posted_requests = 0}.Validate().ok());
}

}  // namespace
}  // namespace millrace::rpc
