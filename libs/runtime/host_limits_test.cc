// Limits of calls over both faces, from the configuration to the answer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "contract/retry.h"
#include "rpc/channel.h"
#include "rpc/health_check.h"
#include "runtime/testdata/sample_host.h"
#include "sample/v1/sample.millrace.h"

namespace millrace::runtime {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

Promise<void> AskHealth(Channel& channel) {
  const Call call;
  co_await rpc::CheckServing(channel, call, "");
}

class HostLimitsTest : public SampleHostTest {
 protected:
  void Limit(int calls) {
    auto* rate = config_.mutable_calls()->mutable_by_address();
    rate->set_calls(calls);
    rate->set_per("1h");
  }
  std::string GreetHttp(const std::string& name) {
    return Http("POST", "/sample.v1.GreeterService/Greet",
                StrCat("{\"name\":\"", name, "\"}"));
  }
  absl::Status GreetGrpc(const std::string& name) {
    if (channel_ == nullptr) {
      channel_ =
          rpc::NewChannel(host_->engine(), {.target = host_->grpc_address()});
    }
    return Settle(loop_, GreetOver(*channel_, name)).status();
  }

  std::unique_ptr<Channel> channel_;
};

TEST_F(HostLimitsTest, AddressIsLimitedOverBothFacesTogether) {
  Limit(3);
  Start();
  EXPECT_THAT(GreetHttp("Ada"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(GreetGrpc("Bob"), absl::OkStatus());
  EXPECT_THAT(GreetHttp("Cyd"), StartsWith("HTTP/1.1 200 "));

  EXPECT_THAT(GreetHttp("Dan"),
              AllOf(StartsWith("HTTP/1.1 429 "),
                    ContainsRegex("\r\nRetry-After: 1[12][0-9][0-9]\r\n"),
                    HasSubstr("\"code\":\"resource_exhausted\""),
                    HasSubstr("too many calls from 127.0.0.1: up to 3 in 1h"),
                    HasSubstr("\"type\":\"google.rpc.RetryInfo\"")));
  const absl::Status refused = GreetGrpc("Eve");
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  ASSERT_TRUE(RetryDelay(refused).has_value());
  EXPECT_GT(*RetryDelay(refused), absl::Minutes(19));
  EXPECT_LE(*RetryDelay(refused), absl::Minutes(20));
  EXPECT_EQ(journal_.greetings, 3);

  // Whoever watches the process is not one of its callers.
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(Http("GET", "/healthz"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(Http("GET", "/readyz"), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(Settle(loop_, AskHealth(*channel_)), absl::OkStatus());
  }
  EXPECT_THAT(
      Http("GET", "/metrics"),
      AllOf(StartsWith("HTTP/1.1 200 "),
            HasSubstr("millrace_calls_refused_total{reason=\"address\"} 2\n")));
  channel_.reset();
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostLimitsTest, CallsAboveWhatIsHandledAtOnceAreShed) {
  // Less than the configuration allows: every call is one too many.
  config_.mutable_calls()->set_max_in_flight(0);
  Start();
  EXPECT_THAT(GreetHttp("Ada"), AllOf(StartsWith("HTTP/1.1 429 "),
                                      HasSubstr("\r\nRetry-After: 1\r\n"),
                                      HasSubstr("already handles 0 calls")));
  const absl::Status shed = GreetGrpc("Ada");
  EXPECT_EQ(shed.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RetryDelay(shed), absl::Seconds(1));
  EXPECT_THAT(Http("GET", "/healthz"), StartsWith("HTTP/1.1 200 "));
  channel_.reset();
  EXPECT_TRUE(Drain().ok());
}

}  // namespace
}  // namespace millrace::runtime
