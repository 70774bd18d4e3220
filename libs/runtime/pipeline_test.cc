#include "runtime/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "runtime/prometheus.h"
#include "runtime/test_support.h"
#include "sample/v1/sample.millrace.h"

namespace millrace::runtime {
namespace {

using sample::v1::GreeterService;
using sample::v1::Greeting;
using sample::v1::GreetRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kTraceparent[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

class Greeter final : public GreeterService {
 public:
  Promise<Greeting> Greet(const Call& call,
                          const GreetRequest& request) override {
    seen.push_back(call);
    if (failure) std::rethrow_exception(failure);
    if (hold) co_await hold->promise();
    ended = true;
    Greeting greeting;
    greeting.set_text("hello " + request.name());
    co_return greeting;
  }

  Stream<Greeting> Repeat(const Call& call,
                          const GreetRequest& request) override {
    seen.push_back(call);
    if (request.times() < 0) {
      endless.emplace(MakePipe<Greeting>());
      return std::move(endless->stream);
    }
    std::vector<Greeting> greetings(request.times());
    for (Greeting& greeting : greetings) greeting.set_text(request.name());
    return Stream<Greeting>::Of(std::move(greetings));
  }

  std::vector<Call> seen;
  std::exception_ptr failure;
  std::optional<Deferred<void>> hold;
  std::optional<Pipe<Greeting>> endless;
  bool ended = false;
};

class PipelineTest : public testing::Test {
 protected:
  void Make(PipelineOptions options = {}) {
    pipeline_ = std::make_unique<Pipeline>(
        std::vector<const ServiceInfo*>{&GreeterService::Info()},
        std::move(options), clock_, logger_, metrics_);
    ThrowIfError(pipeline_->Open(Bind(greeter_)));
  }

  IncomingCall Incoming(std::string_view method = "Greet") {
    if (pipeline_ == nullptr) Make();
    const auto target =
        pipeline_->Find(StrCat("/sample.v1.GreeterService/", method));
    IncomingCall call;
    call.binding = target->binding;
    call.method = target->method;
    call.face = "grpc";
    call.peer = "ipv4:127.0.0.1:1";
    call.deadline = clock_.Now() + absl::Seconds(5);
    call.metadata = {{"traceparent", kTraceparent}};
    return call;
  }

  absl::StatusOr<std::string> Greet(IncomingCall call,
                                    const std::string& name = "Ada") {
    auto request = std::make_unique<GreetRequest>();
    request->set_name(name);
    auto outcome =
        Settle(loop_, pipeline_->Unary(std::move(call), std::move(request)));
    if (!outcome.ok()) return outcome.status();
    return static_cast<Greeting&>(**outcome).text();
  }
  Stream<MessagePtr> Repeat(const std::string& name, int times) {
    auto request = std::make_unique<GreetRequest>();
    request->set_name(name);
    request->set_times(times);
    std::vector<MessagePtr> requests;
    requests.push_back(std::move(request));
    return pipeline_->Streaming(Incoming("Repeat"),
                                Stream<MessagePtr>::Of(std::move(requests)));
  }
  absl::Status GreetStatus(IncomingCall call, const std::string& name = "Ada") {
    return Greet(std::move(call), name).status();
  }

  EventLoop loop_;
  FakeClock clock_;
  MemoryLogger logger_;
  PrometheusMetrics metrics_;
  Greeter greeter_;
  std::unique_ptr<Pipeline> pipeline_;
};

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

// Each stage refuses, beginning with the last: what is before it must win.
TEST_F(PipelineTest, StagesRunInTheirOrder) {
  std::vector<std::string> stages;
  bool admit = false, known = false;
  Make({.identify = [&](const IncomingCall&) -> absl::StatusOr<Identity> {
          stages.push_back("identity");
          if (!known) return absl::UnauthenticatedError("who are you?");
          return Identity{"ada"};
        },
        .limit =
            [&](const IncomingCall&, const Identity& identity) {
              stages.push_back("limit of " + identity.subject);
              return admit ? absl::OkStatus()
                           : absl::ResourceExhaustedError("too many");
            }});
  pipeline_->Close("sample.v1.GreeterService", "it is closed");
  const auto late_call = [&] {
    IncomingCall call = Incoming();
    call.deadline = clock_.Now() - absl::Seconds(1);
    return call;
  };

  // A trace is there before anybody is refused.
  EXPECT_EQ(GreetStatus(late_call(), "").message(), "who are you?");
  EXPECT_EQ(logger_.lines.back()["trace_id"],
            "0af7651916cd43dd8448eb211c80319c");
  EXPECT_THAT(stages, ElementsAre("identity"));

  known = true;
  EXPECT_EQ(GreetStatus(late_call(), "").message(), "too many");
  EXPECT_THAT(stages, ElementsAre("identity", "identity", "limit of ada"));

  admit = true;
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
  Make({.max_in_flight = 1});
  greeter_.hold.emplace();
  auto request = std::make_unique<GreetRequest>();
  request->set_name("Ada");
  Promise<MessagePtr> first = pipeline_->Unary(Incoming(), std::move(request));
  EXPECT_EQ(GreetStatus(Incoming()),
            absl::ResourceExhaustedError(
                "this process already handles 1 calls; try again later"));
  greeter_.hold->Resolve();
  EXPECT_TRUE(Settle(loop_, std::move(first)).ok());
}

TEST_F(PipelineTest, StreamsGoThroughTheSameStages) {
  Make({.limit = [](const IncomingCall&, const Identity&) {
    return absl::OkStatus();
  }});
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
