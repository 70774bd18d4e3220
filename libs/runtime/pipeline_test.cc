#include "runtime/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contract/retry.h"
#include "runtime/testdata/pipeline_fixture.h"
#include "runtime/tracing.h"

namespace millrace::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(PipelineTest, CallReachesTheHandlerWithItsContext) {
  IncomingCall call = Incoming();
  const absl::Time deadline = call.deadline;
  EXPECT_EQ(*Greet(std::move(call)), "hello Ada");
  ASSERT_EQ(greeter_.seen.size(), 1u);
  const CallContext& context = greeter_.seen[0].context;
  EXPECT_EQ(context.trace.trace_id_hex(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_NE(context.trace.span_id_hex(), "b7ad6b7169203331");
  EXPECT_EQ(context.deadline, deadline);
  EXPECT_EQ(pipeline_->in_flight(), 0);
}

TEST_F(PipelineTest, MetadataGoesBothWays) {
  IncomingCall call = Incoming();
  const ReplyMetadata reply = call.reply = ReplyMetadata::Make();
  EXPECT_TRUE(Greet(std::move(call)).ok());
  EXPECT_THAT(greeter_.seen[0].metadata,
              ElementsAre(testing::Pair("traceparent", kTraceparent)));
  EXPECT_TRUE(greeter_.seen[0].reply.AddTrailer("x-rows", "1").ok());
  EXPECT_EQ(reply.TakeTrailers().size(), 1u);
}

TEST_F(PipelineTest, CallWithoutTraceAndDeadlineIsGivenBoth) {
  Make({.default_deadline = absl::Seconds(7)});
  IncomingCall call = Incoming();
  call.metadata.clear();
  call.deadline = absl::InfiniteFuture();
  EXPECT_TRUE(Greet(std::move(call)).ok());
  EXPECT_TRUE(greeter_.seen[0].context.trace.valid());
  EXPECT_EQ(greeter_.seen[0].context.deadline, clock_.Now() + absl::Seconds(7));
}

TEST_F(PipelineTest, WhetherATraceIsSampledTheCallerSays) {
  Tracing tracing(10, 1, nullptr);
  Make({.spans = &tracing});
  IncomingCall call = Incoming();
  call.metadata = {{"traceparent",
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}};
  EXPECT_TRUE(Greet(std::move(call)).ok());
  EXPECT_FALSE(greeter_.seen.back().context.trace.sampled());
  // And of one that begins here, the ratio.
  tracing.SetRatio(0);
  EXPECT_TRUE(Greet(Incoming()).ok());
  EXPECT_TRUE(greeter_.seen.back().context.trace.sampled());
  call = Incoming();
  call.metadata.clear();
  EXPECT_TRUE(Greet(std::move(call)).ok());
  EXPECT_FALSE(greeter_.seen.back().context.trace.sampled());
  std::vector<bool> sampled;
  tracing.ring().ForEach(
      [&](const Span& span) { sampled.push_back(span.sampled); });
  EXPECT_THAT(sampled, ElementsAre(false, true, false));
}

// Each stage refuses, beginning with the first: what is behind it must not be
// heard.
TEST_F(PipelineTest, StagesRunInTheirOrder) {
  std::vector<std::string> stages;
  bool known = false;
  const TokenRate none = {.tokens = 1, .period = absl::Hours(1)};
  CallLimiter limiter({.by_address = none}, 512, metrics_);
  Make({.identify = [&](const IncomingCall&) -> absl::StatusOr<Identity> {
          stages.push_back("identity");
          if (!known) return absl::UnauthenticatedError("who are you?");
          return Identity{"ada"};
        },
        .check_access = true,
        .limiter = &limiter});
  pipeline_->Close("sample.v1.GreeterService", "it is closed");
  const auto late_call = [&] {
    IncomingCall call = Incoming();
    call.deadline = clock_.Now() - absl::Seconds(1);
    return call;
  };

  const auto refused = [&](std::string_view beginning) {
    EXPECT_THAT(std::string(MessageOf(GreetStatus(late_call(), ""))),
                StartsWith(std::string(beginning)));
  };

  EXPECT_TRUE(limiter.ByAddress("127.0.0.1").ok());
  refused("too many calls from 127.0.0.1");
  EXPECT_TRUE(stages.empty());
  // A trace is there before anybody is refused.
  EXPECT_EQ(logger_.lines.back()["trace_id"],
            "0af7651916cd43dd8448eb211c80319c");

  limiter.Set({.by_subject = none, .max_in_flight = 0});
  refused("who are you?");
  EXPECT_THAT(stages, ElementsAre("identity"));
  known = true;
  EXPECT_TRUE(limiter.BySubject({.subject = "ada"}).ok());
  refused("too many calls by ada");
  EXPECT_EQ(logger_.lines.back()["subject"], "ada");

  limiter.Set({.max_in_flight = 0});
  refused("this process already handles 0 calls");

  limiter.Set({});
  EXPECT_EQ(GreetStatus(late_call(), "").code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(GreetStatus(Incoming(), "").code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(GreetStatus(Incoming()).message(),
            "sample.v1.GreeterService is not ready: it is closed");
  EXPECT_TRUE(greeter_.seen.empty());

  ThrowIfError(pipeline_->Open(Bind(greeter_)));
  EXPECT_TRUE(Greet(Incoming()).ok());
  EXPECT_EQ(greeter_.seen[0].context.identity.subject, "ada");

  // The error is mapped before it is counted and logged.
  greeter_.failure = std::make_exception_ptr(std::runtime_error("secret"));
  EXPECT_EQ(GreetStatus(Incoming()).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(logger_.lines.back()["msg"], "call");
  EXPECT_EQ(logger_.lines.back()["code"], "INTERNAL");
  EXPECT_THAT(metrics_.Expose(),
              HasSubstr("millrace_calls_total{code=\"INTERNAL\",face=\"grpc\","
                        "method=\"sample.v1.GreeterService/Greet\"} 1"));
}

TEST_F(PipelineTest, RulesOfTheRequestAreChecked) {
  const absl::Status status = GreetStatus(Incoming(), "");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), StartsWith("name: "));
  EXPECT_TRUE(greeter_.seen.empty());
}

TEST_F(PipelineTest, InternalErrorsStayInTheLog) {
  Make();
  for (const auto& failure :
       {std::make_exception_ptr(std::runtime_error("password=x")),
        std::make_exception_ptr(
            StatusError(absl::InternalError("password=x")))}) {
    greeter_.failure = failure;
    EXPECT_EQ(GreetStatus(Incoming()).message(),
              "internal error; the log has more under trace_id "
              "0af7651916cd43dd8448eb211c80319c");
    ASSERT_GE(logger_.lines.size(), 2u);
    const auto& line = logger_.lines[logger_.lines.size() - 2];
    EXPECT_EQ(line.at("msg"), "a handler failed");
    EXPECT_EQ(line.at("error"), "password=x");
  }
  greeter_.failure = std::make_exception_ptr(
      StatusError(absl::NotFoundError("nobody has the id")));
  EXPECT_EQ(GreetStatus(Incoming()), absl::NotFoundError("nobody has the id"));
  Make({.tell_internal_errors = true});
  greeter_.failure = std::make_exception_ptr(std::runtime_error("told"));
  EXPECT_THAT(std::string(GreetStatus(Incoming()).message()),
              HasSubstr("told"));
}

TEST_F(PipelineTest, DeadlineAnswersTheCallerAndTellsTheHandler) {
  Make();
  greeter_.hold.emplace();
  IncomingCall call = Incoming();
  call.deadline = clock_.Now() + absl::Milliseconds(5);
  EXPECT_EQ(GreetStatus(std::move(call)).code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(greeter_.seen[0].signal.reason().code(),
            absl::StatusCode::kDeadlineExceeded);
  // The handler goes on, and is waited for.
  EXPECT_EQ(pipeline_->in_flight(), 1);
  Promise<void> idle = pipeline_->Idle();
  EXPECT_FALSE(idle.settled());
  greeter_.hold->Resolve();
  EXPECT_TRUE(Settle(loop_, std::move(idle)).ok());
  EXPECT_TRUE(greeter_.ended);
  EXPECT_EQ(pipeline_->in_flight(), 0);
}

TEST_F(PipelineTest, CallerThatLeavesCancels) {
  Make();
  greeter_.hold.emplace();
  AbortController caller;
  IncomingCall call = Incoming();
  call.signal = caller.signal();
  auto request = std::make_unique<GreetRequest>();
  request->set_name("Ada");
  Promise<MessagePtr> answer =
      pipeline_->Unary(std::move(call), std::move(request));
  caller.Abort(absl::CancelledError("gone"));
  EXPECT_EQ(Settle(loop_, std::move(answer)).status(),
            absl::CancelledError("gone"));
  EXPECT_EQ(greeter_.seen[0].signal.reason(), absl::CancelledError("gone"));
  greeter_.hold->Resolve();
  loop_.Run();
}

TEST_F(PipelineTest, CallsInFlightAreBounded) {
  CallLimiter limiter({.max_in_flight = 1}, 512, metrics_);
  Make({.limiter = &limiter});
  greeter_.hold.emplace();
  auto request = std::make_unique<GreetRequest>();
  request->set_name("Ada");
  Promise<MessagePtr> first = pipeline_->Unary(Incoming(), std::move(request));
  EXPECT_EQ(GreetStatus(Incoming()),
            RetryAfter(absl::ResourceExhaustedError(
                           "this process already handles 1 calls; try again "
                           "later"),
                       absl::Seconds(1)));
  greeter_.hold->Resolve();
  EXPECT_TRUE(Settle(loop_, std::move(first)).ok());
}

TEST_F(PipelineTest, HandlersKnowTheAddressThatLimitsGoBy) {
  const auto address = [&] {
    IncomingCall call = Incoming();
    call.metadata = {{"x-forwarded-for", "192.0.2.7, 2001:db8::1"}};
    EXPECT_TRUE(Greet(std::move(call)).ok());
    EXPECT_EQ(greeter_.seen.back().context.peer, "ipv4:127.0.0.1:1");
    return greeter_.seen.back().context.address;
  };
  EXPECT_EQ(address(), "127.0.0.1");
  CallLimiter limiter({}, 512, metrics_);
  Make({.limiter = &limiter});
  EXPECT_EQ(address(), "127.0.0.1");
  limiter.Set({.proxies = 1});
  EXPECT_EQ(address(), "2001:db8::/64");
  limiter.Set({.proxies = 2});
  EXPECT_EQ(address(), "192.0.2.7");
}

TEST_F(PipelineTest, StreamsGoThroughTheSameStages) {
  CallLimiter limiter({}, 512, metrics_);
  Make({.limiter = &limiter});
  Stream<MessagePtr> three = Repeat("Ada", 3);
  for (int i = 0; i < 3; ++i) {
    const auto next = Settle(loop_, three.Next());
    ASSERT_TRUE(next.ok() && *next);
    EXPECT_EQ(static_cast<const Greeting&>(***next).text(), "Ada");
  }
  const auto end = Settle(loop_, three.Next());
  ASSERT_TRUE(end.ok());
  EXPECT_FALSE(*end);
  EXPECT_EQ(logger_.lines.back()["code"], "OK");

  Stream<MessagePtr> invalid = Repeat("", 3);
  EXPECT_EQ(Settle(loop_, invalid.Next()).status().code(),
            absl::StatusCode::kInvalidArgument);
  limiter.Set({.max_in_flight = 0});
  Stream<MessagePtr> shed = Repeat("Ada", 1);
  EXPECT_EQ(Settle(loop_, shed.Next()).status().code(),
            absl::StatusCode::kResourceExhausted);
  limiter.Set({.by_address = {.tokens = 1, .period = absl::Hours(1)}});
  EXPECT_TRUE(Settle(loop_, Repeat("Ada", 0).Next()).ok());
  Stream<MessagePtr> often = Repeat("Ada", 1);
  EXPECT_EQ(Settle(loop_, often.Next()).status().code(),
            absl::StatusCode::kResourceExhausted);
  limiter.Set({});
  pipeline_->Close("sample.v1.GreeterService", "it is closed");
  Stream<MessagePtr> closed = Repeat("Ada", 1);
  EXPECT_EQ(Settle(loop_, closed.Next()).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(PipelineTest, ReaderThatLeavesEndsTheStream) {
  Make();
  {
    Stream<MessagePtr> stream = Repeat("Ada", 1000);
    EXPECT_TRUE(Settle(loop_, stream.Next()).ok());
  }
  EXPECT_TRUE(Settle(loop_, pipeline_->Idle()).ok());
  EXPECT_EQ(logger_.lines.back()["code"], "CANCELLED");
}

// The caller is who the header says, and may read greetings if it says so too.
PipelineOptions WithAccess() {
  PipelineOptions options;
  options.check_access = true;
  options.identify = [](const IncomingCall& call) -> absl::StatusOr<Identity> {
    Identity identity;
    for (const auto& [name, value] : call.metadata) {
      if (name == "x-caller") identity.subject = value;
      if (name == "x-permission") identity.permissions.push_back(value);
    }
    return identity;
  };
  return options;
}

TEST_F(PipelineTest, AccessIsCheckedWhereItIsAskedFor) {
  EXPECT_TRUE(GreetStatus(Incoming()).ok());
  Make(WithAccess());
  EXPECT_EQ(GreetStatus(Incoming()).code(), absl::StatusCode::kUnauthenticated);
  IncomingCall known = Incoming();
  known.metadata.push_back({"x-caller", "ada"});
  EXPECT_TRUE(GreetStatus(std::move(known)).ok());
  EXPECT_EQ(greeter_.seen.size(), 2u);
}

TEST_F(PipelineTest, AccessComesBeforeTheRules) {
  Make(WithAccess());
  EXPECT_EQ(GreetStatus(Incoming(), "").code(),
            absl::StatusCode::kUnauthenticated);
}

TEST_F(PipelineTest, AccessOfAStreamLooksAtItsRequest) {
  Make(WithAccess());
  const auto repeat = [this](Metadata caller, const std::string& name) {
    IncomingCall call = Incoming("Repeat");
    call.metadata.insert(call.metadata.end(), caller.begin(), caller.end());
    auto request = std::make_unique<GreetRequest>();
    request->set_name(name);
    request->set_times(1);
    std::vector<MessagePtr> requests;
    requests.push_back(std::move(request));
    return Settle(loop_,
                  pipeline_
                      ->Streaming(std::move(call),
                                  Stream<MessagePtr>::Of(std::move(requests)))
                      .Drain())
        .code();
  };
  EXPECT_EQ(repeat({}, "ada"), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(repeat({{"x-caller", "ada"}}, "ada"), absl::StatusCode::kOk);
  EXPECT_EQ(repeat({{"x-caller", "ada"}}, "bob"),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(
      repeat({{"x-caller", "ada"}, {"x-permission", "sample.greetings.read"}},
             "bob"),
      absl::StatusCode::kOk);
  EXPECT_EQ(pipeline_->in_flight(), 0);
}

TEST_F(PipelineTest, StreamsWithoutEndAreEnded) {
  Make();
  Stream<MessagePtr> stream = Repeat("Ada", -1);
  Promise<std::optional<MessagePtr>> next = stream.Next();
  pipeline_->EndStreams();
  EXPECT_EQ(Settle(loop_, std::move(next)).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(greeter_.seen[0].signal.reason().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Settle(loop_, pipeline_->Idle()).ok());
  EXPECT_TRUE(greeter_.endless->writer.closed());
}

TEST_F(PipelineTest, LogCanBeOfFailuresOnly) {
  Make({.log = CallLog::kFailed});
  EXPECT_TRUE(Greet(Incoming()).ok());
  EXPECT_TRUE(logger_.lines.empty());
  EXPECT_FALSE(Greet(Incoming(), "").ok());
  ASSERT_EQ(logger_.lines.size(), 1u);
  EXPECT_EQ(logger_.lines[0]["peer"], "ipv4:127.0.0.1:1");
}

TEST_F(PipelineTest, OpenRefusesWhatWasNotDeclared) {
  Pipeline none({}, {}, clock_, logger_, metrics_);
  EXPECT_EQ(none.Open(Bind(greeter_)).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace millrace::runtime
