// Routes of modules pass the pipeline as calls do.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/strings.h"
#include "http/fetch.h"
#include "loop/combinators.h"
#include "runtime/testdata/sample_host.h"

namespace millrace::runtime {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kTrace[] = "0af7651916cd43dd8448eb211c80319c";

class HostRoutesTest : public SampleHostTest {
 protected:
  std::string Hello(const std::string& name) {
    return Http("GET", "/hello/" + name, "",
                StrCat("traceparent: 00-", kTrace, "-b7ad6b7169203331-01\r\n"));
  }
  std::string Health() { return Http("GET", "/healthz"); }
};

TEST_F(HostRoutesTest, RoutesAreTracedCountedAndLogged) {
  Start();
  EXPECT_THAT(Hello("Ada"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("hello Ada")));
  EXPECT_THAT(Hello("nobody"), StartsWith("HTTP/1.1 404 "));
  const auto calls = logger_.Saying("call");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].at("method"), "GET /hello/:name");
  EXPECT_EQ(calls[0].at("face"), "http");
  EXPECT_EQ(calls[0].at("trace_id"), kTrace);
  EXPECT_EQ(calls[0].at("code"), "OK");
  EXPECT_EQ(calls[1].at("code"), "NOT_FOUND");
  const std::string metrics = Http("GET", "/metrics");
  for (const char* code : {"OK", "NOT_FOUND"}) {
    EXPECT_THAT(metrics, HasSubstr(StrCat("millrace_calls_total{code=\"", code,
                                          "\",face=\"http\",method=\"GET "
                                          "/hello/:name\"} 1\n")));
  }
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostRoutesTest, RoutesAreLimitedByAddress) {
  auto* rate = config_.mutable_calls()->mutable_by_address();
  rate->set_calls(1);
  rate->set_per("1h");
  Start();
  EXPECT_THAT(Hello("Ada"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Hello("Bob"),
              AllOf(StartsWith("HTTP/1.1 429 "), HasSubstr("\r\nRetry-After: "),
                    HasSubstr("too many calls from 127.0.0.1")));
  EXPECT_EQ(journal_.greetings, 1);
  EXPECT_THAT(Health(), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostRoutesTest, RoutesAboveWhatIsHandledAtOnceAreShed) {
  config_.mutable_calls()->set_max_in_flight(0);
  Start();
  EXPECT_THAT(Hello("Ada"), AllOf(StartsWith("HTTP/1.1 429 "),
                                  HasSubstr("already handles 0 calls")));
  EXPECT_THAT(Health(), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostRoutesTest, RoutesHaveADeadline) {
  config_.mutable_calls()->set_default_deadline("20ms");
  Start();
  EXPECT_THAT(Hello("slow"),
              AllOf(StartsWith("HTTP/1.1 504 "),
                    HasSubstr("the deadline passed while the call was")));
  // The drain waits for what was left behind.
  EXPECT_TRUE(Drain().ok());
  EXPECT_EQ(journal_.greetings, 1);
}

// The call is over with the head, the body goes on.
TEST_F(HostRoutesTest, ABodyIsToldWhenItsClientIsGone) {
  Start();
  const auto gone = [this] {
    return std::count(journal_.entries.begin(), journal_.entries.end(),
                      "the client is gone");
  };
  AbortController client;
  http::FetchOptions options;
  options.signal = client.signal();
  http::HttpUrl url = *http::ParseHttpUrl(
      StrCat("http://", host_->http_address(), "/hello/endless"));
  auto body =
      AsStatusOr(http::Fetch(loop_, std::move(url), std::move(options)));
  Until([this] { return logger_.Saying("call").size() == 1; });
  EXPECT_EQ(gone(), 0);
  client.Abort(absl::CancelledError("enough"));
  Until([&] { return gone() == 1; });
  EXPECT_FALSE(Settle(loop_, std::move(body))->ok());
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostRoutesTest, RoutesOfAModuleThatDoesNotRunAreUnavailable) {
  bool away = true;
  journal_.on_start = [&away] {
    if (away) Throw(absl::UnavailableError("the moon is away"));
  };
  ASSERT_TRUE(Create().ok());
  Promise<void> started = host_->Start();
  EXPECT_THAT(Hello("Ada"), AllOf(StartsWith("HTTP/1.1 503 "),
                                  HasSubstr("module greeter is not ready")));
  away = false;
  EXPECT_TRUE(Settle(loop_, std::move(started)).ok());
  EXPECT_THAT(Hello("Ada"), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostRoutesTest, LimitsOfTheHttpFaceAreTheConfigurations) {
  config_.mutable_http()->mutable_limits()->set_max_headers(16);
  config_.mutable_http()->mutable_limits()->set_max_request_line_bytes(256);
  Start();
  std::string fields;
  for (int i = 0; i < 16; ++i) StrAppend(&fields, "x-", i, ": 1\r\n");
  EXPECT_THAT(Http("GET", "/healthz", "", fields),
              AllOf(StartsWith("HTTP/1.1 431 "), HasSubstr("max_headers")));
  EXPECT_THAT(
      Http("GET", "/hello/" + std::string(300, 'a')),
      AllOf(StartsWith("HTTP/1.1 414 "), HasSubstr("max_request_line_bytes")));
  EXPECT_THAT(Health(), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(Drain().ok());
}

}  // namespace
}  // namespace millrace::runtime
