#include "runtime/traced_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "loop/activity.h"
#include "loop/combinators.h"
#include "loop/live_activities.h"
#include "runtime/test_support.h"
#include "runtime/tracing.h"
#include "sample/v1/sample.millrace.h"

namespace millrace::runtime {
namespace {

using sample::v1::GreeterService;
using sample::v1::Greeting;
using sample::v1::GreetRequest;
using testing::ElementsAre;
using testing::IsEmpty;

// Answers as it is told, and keeps what was asked.
class FakeChannel final : public Channel {
 public:
  struct Seen {
    std::vector<TraceContext> traces;
    absl::Status outcome;
    std::optional<Promise<MessagePtr>> answer;  // of a call that hangs
  };

  explicit FakeChannel(Seen& seen) : seen_(seen) {}

  Promise<MessagePtr> Unary(const MethodInfo& method, const Call& call,
                            const Message&) override {
    seen_.traces.push_back(call.context.trace);
    if (!seen_.outcome.ok()) return Promise<MessagePtr>::Reject(seen_.outcome);
    if (seen_.answer) return *std::exchange(seen_.answer, std::nullopt);
    return Promise<MessagePtr>::Resolve(MessagePtr(method.response().New()));
  }
  Stream<MessagePtr> Streaming(const MethodInfo& method, const Call& call,
                               Stream<MessagePtr>) override {
    seen_.traces.push_back(call.context.trace);
    if (!seen_.outcome.ok()) return Stream<MessagePtr>::Failed(seen_.outcome);
    std::vector<MessagePtr> two;
    two.emplace_back(method.response().New());
    two.emplace_back(method.response().New());
    return Stream<MessagePtr>::Of(std::move(two));
  }

 private:
  Seen& seen_;
};

class TracedChannelTest : public testing::Test {
 protected:
  TracedChannelTest() { call_.context.trace = TraceContext::NewRoot(); }

  static const MethodInfo& Method(size_t index) {
    return GreeterService::Info().methods[index];
  }
  // "name outcome", of calls that hang below the caller and passed their span
  // on.
  std::vector<std::string> Spans() {
    std::vector<std::string> told;
    tracing_.ring().ForEach([&](const Span& span) {
      EXPECT_EQ(span.kind, Span::Kind::kCall);
      EXPECT_EQ(span.trace_id, call_.context.trace.trace_id);
      EXPECT_EQ(span.parent_id, call_.context.trace.span_id);
      EXPECT_EQ(span.span_id, seen_.traces.back().span_id);
      EXPECT_EQ(span.source, "greeter:9090");
      told.push_back(std::string(span.name) + " " +
                     std::string(absl::StatusCodeToString(span.code)) + " " +
                     std::string(span.error));
    });
    return told;
  }

  EventLoop loop_;
  Tracing tracing_{10, 1, nullptr};
  FakeChannel::Seen seen_;
  std::unique_ptr<Channel> channel_ = NewTracedChannel(
      std::make_unique<FakeChannel>(seen_), "greeter:9090", tracing_);
  Call call_;
  GreetRequest request_;
};

TEST_F(TracedChannelTest, ACallIsASpanThatTheOtherSideGoesOnFrom) {
  EXPECT_TRUE(Settle(loop_, channel_->Unary(Method(0), call_, request_)).ok());
  EXPECT_THAT(Spans(), ElementsAre("sample.v1.GreeterService/Greet OK "));
  EXPECT_TRUE(seen_.traces[0].sampled());
}

TEST_F(TracedChannelTest, SaysHowItFailed) {
  seen_.outcome = absl::NotFoundError("nobody");
  EXPECT_EQ(Settle(loop_, channel_->Unary(Method(0), call_, request_)).status(),
            seen_.outcome);
  EXPECT_THAT(Spans(),
              ElementsAre("sample.v1.GreeterService/Greet NOT_FOUND nobody"));
}

TEST_F(TracedChannelTest, SaysWhatWaitsForTheAnswer) {
  const Deferred<MessagePtr> answer;
  seen_.answer.emplace(answer.promise());
  Promise<MessagePtr> reply;
  {
    const ActivityScope scope(
        Activity::Make({.kind = "rpc", .handler = "caller"}));
    reply = channel_->Unary(Method(0), call_, request_);
  }
  const std::vector<LiveActivity> live = LiveActivities(loop_);
  ASSERT_EQ(live.size(), 1u);
  ASSERT_EQ(live[0].waits.size(), 1u);
  EXPECT_EQ(live[0].waits[0].kind, "call");
  EXPECT_EQ(live[0].waits[0].what,
            "greeter:9090/sample.v1.GreeterService/Greet");
  answer.Resolve(std::make_unique<Greeting>());
  EXPECT_TRUE(Settle(loop_, std::move(reply)).ok());
  EXPECT_TRUE(OtherWaits(loop_).empty());
}

TEST_F(TracedChannelTest, AStreamIsASpanUntilItsEnd) {
  Stream<MessagePtr> replies =
      channel_->Streaming(Method(1), call_, Stream<MessagePtr>::Empty());
  EXPECT_TRUE(Settle(loop_, replies.Next()).ok());
  EXPECT_THAT(Spans(), IsEmpty());
  EXPECT_TRUE(Settle(loop_, replies.Next())->has_value());
  EXPECT_THAT(Spans(), IsEmpty());
  EXPECT_FALSE(Settle(loop_, replies.Next())->has_value());
  EXPECT_THAT(Spans(), ElementsAre("sample.v1.GreeterService/Repeat OK "));
}

TEST_F(TracedChannelTest, AStreamThatIsLeftIsCancelled) {
  {
    Stream<MessagePtr> replies =
        channel_->Streaming(Method(1), call_, Stream<MessagePtr>::Empty());
    EXPECT_TRUE(Settle(loop_, replies.Next()).ok());
  }
  EXPECT_THAT(Spans(), ElementsAre(testing::HasSubstr("Repeat CANCELLED")));
}

TEST_F(TracedChannelTest, AStreamThatFailsSaysHow) {
  seen_.outcome = absl::UnavailableError("away");
  Stream<MessagePtr> replies =
      channel_->Streaming(Method(1), call_, Stream<MessagePtr>::Empty());
  EXPECT_FALSE(Settle(loop_, replies.Next()).ok());
  EXPECT_THAT(Spans(),
              ElementsAre("sample.v1.GreeterService/Repeat UNAVAILABLE away"));
}

TEST_F(TracedChannelTest, WithoutATraceThereIsNoSpan) {
  call_.context.trace = {};
  EXPECT_TRUE(Settle(loop_, channel_->Unary(Method(0), call_, request_)).ok());
  EXPECT_EQ(tracing_.ring().recorded(), 0u);
  EXPECT_FALSE(seen_.traces[0].valid());
}

}  // namespace
}  // namespace millrace::runtime
