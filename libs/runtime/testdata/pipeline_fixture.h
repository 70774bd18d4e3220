// A pipeline before a greeter that does what each test says. For tests.
#ifndef MILLRACE_RUNTIME_TESTDATA_PIPELINE_FIXTURE_H_
#define MILLRACE_RUNTIME_TESTDATA_PIPELINE_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/event_loop.h"
#include "runtime/pipeline.h"
#include "runtime/prometheus.h"
#include "runtime/test_support.h"
#include "sample/v1/sample.millrace.h"

namespace millrace::runtime {

using sample::v1::GreeterService;
using sample::v1::Greeting;
using sample::v1::GreetRequest;
inline constexpr char kTraceparent[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

class HeldGreeter final : public GreeterService {
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
  HeldGreeter greeter_;
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_TESTDATA_PIPELINE_FIXTURE_H_
