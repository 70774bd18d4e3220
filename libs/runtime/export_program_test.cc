// Two processes, of which one calls the other, and the one trace that a
// collector gets of both.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/strings.h"
#include "loop/worker_pool.h"
#include "otlp/testing/fake_collector.h"
#include "runtime/program_run.h"

namespace millrace::runtime {
namespace {

using otlp::FakeCollector;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using WireSpan = FakeCollector::Span;

constexpr char kTraceId[] = "4bf92f3577b34da6a3ce929d0e0e4736";

class ExportProgramTest : public ProgramTest {
 protected:
  // Blocking work, while the collector's loop runs.
  template <typename F>
  auto Beside(F f) {
    return Settle(loop_, loop_.workers().Run(std::move(f)));
  }
  std::vector<std::string> FlagsOf(const std::string& service,
                                   std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--http-port", "0", "--grpc-port", "0",
                             "--services", service, "--data", dir_ / service,
                             "--otlp-endpoint", collector_.endpoint()});
    return more;
  }
  void End(Program& program) {
    program.Signal(SIGTERM);
    const auto status = Beside([&program] { return program.Wait(); });
    ASSERT_TRUE(status.ok());
    EXPECT_EQ(*status, 0) << program.Errors();
  }

  EventLoop loop_;
  FakeCollector collector_{loop_};
};

TEST_F(ExportProgramTest, ACallOfAnotherProcessIsASpanOfBoth) {
  Program greeter(FlagsOf("greeter"));
  greeter.Ready();
  Program choir(FlagsOf(
      "choir", {"--set", StrCat("remote.sample=127.0.0.1:", greeter.grpc)}));
  choir.Ready();
  const auto answer = Beside([&choir] {
    return HttpExchange(
        choir.http, "POST", "/sample.v1.ChoirService/Sing", R"({"name":"Ada"})",
        "*/*",
        StrCat("traceparent: 00-", kTraceId, "-00f067aa0ba902b7-01\r\n"));
  });
  ASSERT_TRUE(answer.ok());
  EXPECT_THAT(*answer, HasSubstr("la hello Ada"));
  End(choir);
  End(greeter);

  const std::string greet = "sample.v1.GreeterService/Greet";
  const WireSpan* sing = collector_.Find("sample.v1.ChoirService/Sing",
                                         WireSpan::SPAN_KIND_SERVER);
  const WireSpan* call = collector_.Find(greet, WireSpan::SPAN_KIND_CLIENT);
  const WireSpan* served = collector_.Find(greet, WireSpan::SPAN_KIND_SERVER);
  ASSERT_TRUE(sing && call && served);
  for (const WireSpan* span : {sing, call, served}) {
    EXPECT_EQ(otlp::HexOf(span->trace_id()), kTraceId);
  }
  EXPECT_EQ(call->parent_span_id(), sing->span_id());
  EXPECT_EQ(served->parent_span_id(), call->span_id());
  const auto attributes = otlp::TextsOf(call->attributes());
  EXPECT_EQ(attributes.at("rpc.system"), "grpc");
  EXPECT_EQ(attributes.at("server.address"), "127.0.0.1");
  EXPECT_EQ(attributes.at("server.port"), StrCat(greeter.grpc));
  EXPECT_THAT(collector_.services, UnorderedElementsAre("choir", "greeter"));
}

}  // namespace
}  // namespace millrace::runtime
