#include "runtime/call_limiter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/strings.h"
#include "contract/retry.h"
#include "runtime/prometheus.h"

namespace millrace::runtime {
namespace {

using testing::HasSubstr;

class CallLimiterTest : public testing::Test {
 protected:
  absl::Status From(const std::string& peer, const std::string& passed = "") {
    IncomingCall call;
    call.peer = peer;
    if (!passed.empty()) call.metadata = {{"x-forwarded-for", passed}};
    return limiter_.ByAddress(limiter_.AddressOf(call));
  }
  absl::Status By(const std::string& subject) {
    return limiter_.BySubject({.subject = subject});
  }

  absl::Duration now_ = absl::Hours(1);
  PrometheusMetrics metrics_;
  CallLimiter limiter_{{}, 1024, metrics_, [this] { return now_; }};
};

TEST_F(CallLimiterTest, NobodyIsLimitedUnlessToldSo) {
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(From("192.0.2.7:1").ok());
    ASSERT_TRUE(By("ada").ok());
  }
}

TEST_F(CallLimiterTest, SaysWhomItRefusesWhyAndForHowLong) {
  limiter_.Set({.by_address = {.tokens = 2, .period = absl::Seconds(5)},
                .by_subject = {.tokens = 1, .period = absl::Minutes(1)}});
  EXPECT_TRUE(From("192.0.2.7:1").ok());
  EXPECT_TRUE(From("ipv4:192.0.2.7:2").ok());
  const absl::Status address = From("192.0.2.7:3");
  EXPECT_EQ(address.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(MessageOf(address),
            "too many calls from 192.0.2.7: up to 2 in 5s are handled; try "
            "again in 3 s");
  EXPECT_EQ(RetryDelay(address), absl::Milliseconds(2500));
  EXPECT_TRUE(From("192.0.2.8:1").ok());

  EXPECT_TRUE(By("ada").ok());
  EXPECT_EQ(MessageOf(By("ada")),
            "too many calls by ada: up to 1 in 1m are handled; try again in "
            "60 s");
  EXPECT_TRUE(By("bob").ok());
  now_ += absl::Minutes(1);
  EXPECT_TRUE(By("ada").ok());
  const std::string text = metrics_.Expose();
  EXPECT_THAT(
      text, HasSubstr("millrace_calls_refused_total{reason=\"address\"} 1\n"));
  EXPECT_THAT(
      text, HasSubstr("millrace_calls_refused_total{reason=\"subject\"} 1\n"));
}

TEST_F(CallLimiterTest, AnonymousAndLocalCallersHaveNoBucket) {
  limiter_.Set({.by_address = {.tokens = 1, .period = absl::Hours(1)},
                .by_subject = {.tokens = 1, .period = absl::Hours(1)}});
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(By("").ok());
    EXPECT_TRUE(From("unix:/run/millrace.sock").ok());
  }
}

TEST_F(CallLimiterTest, LooksBehindTheProxiesItIsToldOf) {
  limiter_.Set(
      {.by_address = {.tokens = 1, .period = absl::Hours(1)}, .proxies = 1});
  EXPECT_TRUE(From("10.0.0.1:1", "192.0.2.7").ok());
  EXPECT_TRUE(From("10.0.0.1:1", "192.0.2.8").ok());
  // Whatever a caller claims to come from.
  EXPECT_FALSE(From("10.0.0.1:1", "192.0.2.9, 192.0.2.7").ok());
}

TEST_F(CallLimiterTest, ShedsWhatIsTooMuchAtOnce) {
  limiter_.Set({.max_in_flight = 3});
  EXPECT_TRUE(limiter_.InFlight(2).ok());
  const absl::Status shed = limiter_.InFlight(3);
  EXPECT_EQ(MessageOf(shed),
            "this process already handles 3 calls; try again later");
  EXPECT_EQ(RetryDelay(shed), absl::Seconds(1));
  EXPECT_THAT(
      metrics_.Expose(),
      HasSubstr("millrace_calls_refused_total{reason=\"in_flight\"} 1\n"));
}

TEST_F(CallLimiterTest, TellsWhenThereAreMoreCallersThanBuckets) {
  limiter_.Set({.by_subject = {.tokens = 1, .period = absl::Hours(1)}});
  for (int i = 0; i < 20'000; ++i) static_cast<void>(By(StrCat(i)));
  EXPECT_THAT(metrics_.Expose(),
              testing::ContainsRegex(
                  "millrace_calls_shared_bucket_total.by=.subject.. [1-9]"));
}

}  // namespace
}  // namespace millrace::runtime
