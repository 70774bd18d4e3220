#include "rpc/retry.h"

#include <gmock/gmock.h>

#include "base/strings.h"
#include "contract/invoke.h"
#include "contract/retry.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

using testing::Optional;

const absl::Duration kLong = absl::Hours(1);

TEST(RetryOptionsTest, AreChecked) {
  EXPECT_TRUE(RetryOptions().Validate().ok());
  EXPECT_FALSE(RetryOptions{.max_attempts = 0}.Validate().ok());
  EXPECT_FALSE(RetryOptions{.max_attempts = 6}.Validate().ok());
  EXPECT_FALSE(
      RetryOptions{.max_backoff = absl::Milliseconds(99)}.Validate().ok());
  EXPECT_FALSE(RetryOptions{.multiplier = 0.5}.Validate().ok());
  EXPECT_FALSE(RetryOptions{.budget_tokens = 1001}.Validate().ok());
  EXPECT_FALSE(RetryOptions{.budget_ratio = 0}.Validate().ok());
}

TEST(WaitBeforeRetryTest, GrowsUpToABound) {
  const RetryOptions options = {.max_attempts = 5,
                                .initial_backoff = absl::Milliseconds(100),
                                .max_backoff = absl::Milliseconds(300)};
  const auto wait = [&](int attempts, double random) {
    return WaitBeforeRetry(options, attempts, absl::UnavailableError(""), kLong,
                           random);
  };
  EXPECT_THAT(wait(1, 0), Optional(absl::ZeroDuration()));
  EXPECT_THAT(wait(1, 0.5), Optional(absl::Milliseconds(50)));
  EXPECT_THAT(wait(2, 0.5), Optional(absl::Milliseconds(100)));
  EXPECT_THAT(wait(3, 0.5), Optional(absl::Milliseconds(150)));
  EXPECT_THAT(wait(4, 0.5), Optional(absl::Milliseconds(150)));
  EXPECT_EQ(wait(5, 0), std::nullopt);
}

TEST(WaitBeforeRetryTest, ComesNotSoonerThanItIsTold) {
  const absl::Status told =
      RetryAfter(absl::UnavailableError(""), absl::Seconds(7));
  EXPECT_THAT(WaitBeforeRetry({}, 1, told, kLong, 0.5),
              Optional(absl::Seconds(7) + absl::Milliseconds(50)));
  EXPECT_EQ(WaitBeforeRetry({}, 1, told, absl::Seconds(7), 0), std::nullopt);
}

TEST(RetryBudgetTest, FailuresTakeMoreThanSuccessesGive) {
  RetryBudget budget({.budget_tokens = 4, .budget_ratio = 0.5});
  budget.Succeeded();  // full already
  budget.Failed();
  EXPECT_TRUE(budget.allows());
  budget.Failed();
  EXPECT_FALSE(budget.allows());
  budget.Succeeded();
  EXPECT_TRUE(budget.allows());
  for (int i = 0; i < 10; ++i) budget.Failed();
  for (int i = 0; i < 4; ++i) budget.Succeeded();
  EXPECT_FALSE(budget.allows());
}

TEST(MayRunTwiceTest, IsForTheContractToSayOrTheOptions) {
  MethodInfo method = test::SayMethod();
  EXPECT_FALSE(MayRunTwice(method, {}));
  EXPECT_TRUE(
      MayRunTwice(method, {.idempotent_methods = {"/millrace.test.Echo/Say"}}));
  method.no_side_effects = true;
  EXPECT_TRUE(MayRunTwice(method, {}));
  method = test::SayMethod();
  method.path = "/millrace.test.Switch/Set";  // IDEMPOTENT in echo.proto
  EXPECT_TRUE(MayRunTwice(method, {}));
}

// A server that fails as often as it is told to.
class RetryTest : public RpcTest {
 protected:
  RetryTest() {
    echo_.say = [this](Call, EchoRequest) {
      ++attempts_;
      if (failures_ == 0) return Promise<EchoReply>::Resolve(Reply("done"));
      --failures_;
      return Promise<EchoReply>::Reject(failure_);
    };
  }

  void Make(RetryOptions retry) {
    StartServer();
    retry.initial_backoff = absl::Milliseconds(1);
    Connect({.retry = std::move(retry)});
  }

  // A call that may run twice, unless told otherwise.
  absl::Status Ask(Call call = {}, bool twice = true) {
    MethodInfo method = test::SayMethod();
    method.no_side_effects = twice;
    const EchoRequest request;
    return Await(CallUnary<EchoReply>(*channel_, method, call, request))
        .status();
  }

  int failures_ = 0;
  absl::Status failure_ = absl::UnavailableError("not now");
  int attempts_ = 0;
};

TEST_F(RetryTest, TriesUntilItSucceeds) {
  Make({});
  failures_ = 2;
  EXPECT_EQ(Ask(), absl::OkStatus());
  EXPECT_EQ(attempts_, 3);
}

TEST_F(RetryTest, TriesOnceWhatMustNotRunTwice) {
  Make({});
  failures_ = 1;
  EXPECT_EQ(Ask({}, false).code(), failure_.code());
  EXPECT_EQ(attempts_, 1);
}

TEST_F(RetryTest, EndsWithTheLastFailure) {
  Make({.max_attempts = 3});
  failures_ = 100;
  EXPECT_EQ(Ask().code(), failure_.code());
  EXPECT_EQ(attempts_, 3);
}

TEST_F(RetryTest, OtherFailuresAreFinal) {
  Make({});
  failures_ = 1;
  failure_ = absl::ResourceExhaustedError("too much");
  EXPECT_EQ(Ask().code(), failure_.code());
  Make({.codes = {absl::StatusCode::kResourceExhausted}});
  failures_ = 1;
  EXPECT_EQ(Ask(), absl::OkStatus());
}

TEST_F(RetryTest, NeverAfterTheDeadline) {
  Make({});
  failures_ = 100;
  failure_ = RetryAfter(failure_, absl::Hours(1));
  Call call;
  call.context.deadline = absl::Now() + absl::Minutes(1);
  EXPECT_EQ(Ask(call).code(), failure_.code());
  EXPECT_EQ(attempts_, 1);
}

TEST_F(RetryTest, ABudgetEndsRepetitionsForAll) {
  Make({.budget_tokens = 4, .budget_ratio = 1});
  failures_ = 11;
  // Two attempts, then one each.
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Ask().code(), failure_.code());
  }
  EXPECT_EQ(attempts_, 11);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Ask(), absl::OkStatus());
  failures_ = 1;
  EXPECT_EQ(Ask(), absl::OkStatus());
}

TEST_F(RetryTest, AClosedChannelOrAnAbortEndsTheWait) {
  failures_ = 100;
  failure_ = RetryAfter(failure_, absl::Hours(1));
  for (const bool close : {true, false}) {
    attempts_ = 0;
    Make({});
    AbortController controller;
    Call call;
    call.signal = controller.signal();
    MethodInfo method = test::SayMethod();
    method.no_side_effects = true;
    const EchoRequest request;
    auto reply =
        AsStatusOr(CallUnary<EchoReply>(*channel_, method, call, request));
    RunUntil([this] { return attempts_ == 1; });
    loop_.SetTimeout(absl::Milliseconds(20), [&] {
      if (close) {
        channel_.reset();
      } else {
        controller.Abort(absl::AbortedError("never mind"));
      }
    });
    EXPECT_EQ(Await(reply)->status().code(), close
                                                 ? absl::StatusCode::kCancelled
                                                 : absl::StatusCode::kAborted);
    EXPECT_EQ(attempts_, 1);
  }
}

TEST_F(RetryTest, MistakesInTheWiringAreTold) {
  EXPECT_THROW(
      NewChannel(*engine_, {.target = "x:1", .retry = {.max_attempts = 0}}),
      StatusError);
}

}  // namespace
}  // namespace millrace::rpc
