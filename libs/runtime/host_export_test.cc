// What a collector is told of a host: the spans of a request and what comes of
// it, and the metrics; with the ids that are in the log.
#include "runtime/host_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/status.h"
#include "base/strings.h"
#include "otlp/testing/fake_collector.h"
#include "runtime/testdata/sample_host.h"

namespace millrace::runtime {
namespace {

using otlp::FakeCollector;
using otlp::HexOf;
using otlp::TextsOf;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

constexpr char kTraceId[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kCaller[] = "00f067aa0ba902b7";
using WireSpan = FakeCollector::Span;

class HostExportTest : public SampleHostTest {
 protected:
  HostExportTest() {
    config_.mutable_otlp()->set_endpoint(collector_->endpoint());
    config_.mutable_otlp()->set_metrics_interval("0s");
  }
  void TearDown() override {
    if (host_ != nullptr) {
      EXPECT_TRUE(Drain().ok());
    }
  }

  std::string Greet(const std::string& traceparent) {
    return Http("POST", "/sample.v1.GreeterService/Greet", R"({"name":"Ada"})",
                traceparent.empty()
                    ? ""
                    : StrCat("traceparent: ", traceparent, "\r\n"));
  }
  // Drains, which sends what is left.
  void End() {
    EXPECT_TRUE(Drain().ok());
    host_.reset();
  }
  // The sum of the series whose label is so.
  double Counted(const std::string& name, const std::string& label,
                 const std::string& value) {
    double sum = 0;
    for (const auto& sample : metrics_.Samples(name)) {
      const auto found = sample.labels.find(label);
      if (found != sample.labels.end() && found->second == value) {
        sum += sample.value;
      }
    }
    return sum;
  }
  int Requests() const {
    int requests = 0;
    for (const WireSpan& span : collector_->spans) {
      requests += span.kind() == WireSpan::SPAN_KIND_SERVER;
    }
    return requests;
  }
  // Null when there is none.
  const WireSpan* Find(const std::string& name, WireSpan::SpanKind kind) {
    return collector_->Find(name, kind);
  }

  std::unique_ptr<FakeCollector> collector_ =
      std::make_unique<FakeCollector>(loop_);
};

TEST_F(HostExportTest, ARequestItsEmitAndTheHandlerAreSpansOfOneTrace) {
  Start();
  EXPECT_THAT(Greet(StrCat("00-", kTraceId, "-", kCaller, "-01")),
              HasSubstr("hello Ada"));
  const std::string event = "sample.v1.GreeterEvents.Greeted";
  // Also without the end of the process.
  Until([&] {
    return Find(StrCat("process ", event), WireSpan::SPAN_KIND_CONSUMER);
  });
  const WireSpan* request =
      Find("sample.v1.GreeterService/Greet", WireSpan::SPAN_KIND_SERVER);
  const WireSpan* emit =
      Find(StrCat("send ", event), WireSpan::SPAN_KIND_PRODUCER);
  const WireSpan* handle =
      Find(StrCat("process ", event), WireSpan::SPAN_KIND_CONSUMER);
  ASSERT_TRUE(request && emit && handle);
  for (const WireSpan* span : {request, emit, handle}) {
    EXPECT_EQ(HexOf(span->trace_id()), kTraceId);
    EXPECT_GE(span->end_time_unix_nano(), span->start_time_unix_nano());
  }
  EXPECT_EQ(HexOf(request->parent_span_id()), kCaller);
  EXPECT_EQ(emit->parent_span_id(), request->span_id());
  EXPECT_EQ(handle->parent_span_id(), emit->span_id());
  EXPECT_EQ(handle->links(0).span_id(), emit->span_id());
  EXPECT_THAT(TextsOf(request->attributes()),
              AllOf(Contains(Pair("rpc.system", "connect_rpc")),
                    Contains(Pair("rpc.service", "sample.v1.GreeterService")),
                    Contains(Pair("rpc.method", "Greet"))));
  EXPECT_THAT(
      TextsOf(emit->attributes()),
      AllOf(Contains(Pair("messaging.destination.name", "sample.v1.greetings")),
            Contains(Pair("cloudevents.event_source", "/greeter"))));
  const auto handled = TextsOf(handle->attributes());
  EXPECT_THAT(
      handled,
      AllOf(Contains(Pair("messaging.consumer.group.name", "choir.heard")),
            Contains(Pair("messaging.destination.name", "sample.v1.greetings")),
            Contains(Pair("millrace.outcome", "done"))));
  EXPECT_EQ(handled.at("messaging.message.id"),
            TextsOf(emit->attributes()).at("messaging.message.id"));

  // The log tells the same ids.
  const auto calls = logger_.Saying("call");
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].at("trace_id"), kTraceId);
  EXPECT_EQ(calls[0].at("span_id"), HexOf(request->span_id()));

  EXPECT_THAT(collector_->resource,
              AllOf(Contains(Pair("service.name", "millrace")),
                    Contains(Pair("deployment.environment.name",
                                  config_.environment())),
                    Contains(Pair("service.instance.id", testing::_)),
                    Contains(Pair("service.version", testing::_))));
}

TEST_F(HostExportTest, EndingSendsWhatIsLeft) {
  Start();
  for (int i = 0; i < 20; ++i) Greet("");
  End();
  EXPECT_EQ(Requests(), 20);
  EXPECT_EQ(Counted("millrace_otlp_exported_total", "signal", "traces"),
            static_cast<double>(collector_->spans.size()));
}

TEST_F(HostExportTest, TracesThatAreNotSampledAreNotSentButKept) {
  config_.mutable_traces()->set_sample(0);
  Start();
  // One that begins here, and one whose caller says no.
  Greet("");
  Greet(StrCat("00-", kTraceId, "-", kCaller, "-00"));
  // One whose caller says yes.
  Greet("00-00000000000000000000000000000001-00f067aa0ba902b7-01");
  const std::string kept = Http("POST", "/millrace.v1.TraceService/GetTrace",
                                StrCat(R"({"id":")", kTraceId, R"("})"));
  EXPECT_THAT(kept, HasSubstr("sample.v1.GreeterService/Greet"));
  End();
  ASSERT_FALSE(collector_->spans.empty());
  for (const WireSpan& span : collector_->spans) {
    EXPECT_EQ(HexOf(span.trace_id()), "00000000000000000000000000000001");
  }
}

TEST_F(HostExportTest, TheRatioCanBeChangedWhileItRuns) {
  config_.mutable_traces()->set_sample(0);
  Start();
  Greet("");
  Config next = config_;
  next.mutable_traces()->set_sample(1);
  host_->Apply(next);
  Greet("");
  End();
  EXPECT_EQ(Requests(), 1);
}

TEST_F(HostExportTest, MetricsAreThoseOfMetrics) {
  config_.mutable_otlp()->set_metrics_interval("1h");
  Start();
  Greet(StrCat("00-", kTraceId, "-", kCaller, "-01"));
  End();  // which sends them once more
  const auto* calls = collector_->FindMetric("millrace_calls_total");
  ASSERT_NE(calls, nullptr);
  ASSERT_EQ(calls->sum().data_points_size(), 1);
  EXPECT_EQ(calls->sum().data_points(0).as_double(), 1);
  EXPECT_TRUE(calls->sum().is_monotonic());
  const auto* seconds = collector_->FindMetric("millrace_call_seconds");
  ASSERT_NE(seconds, nullptr);
  const auto& point = seconds->histogram().data_points(0);
  EXPECT_EQ(point.count(), 1u);
  ASSERT_EQ(point.exemplars_size(), 1);
  EXPECT_EQ(HexOf(point.exemplars(0).trace_id()), kTraceId);
  // Measured when they are sent, on the loop they are of.
  EXPECT_NE(collector_->FindMetric("millrace_loop_handles"), nullptr);
  EXPECT_NE(collector_->FindMetric("process_resident_memory_bytes"), nullptr);
}

TEST_F(HostExportTest, ACollectorThatIsAwayHoldsNothingUp) {
  collector_.reset();
  config_.set_drain_timeout("500ms");
  Start();
  EXPECT_THAT(Greet(""), HasSubstr("hello Ada"));
  End();
  EXPECT_FALSE(logger_.Saying("the collector cannot be reached; will try again")
                   .empty());
  EXPECT_GE(Counted("millrace_otlp_dropped_total", "reason", "undelivered"), 1);
}

TEST_F(HostExportTest, MetricsNameTracesToWhoAsksForOpenMetrics) {
  Start();
  Greet(StrCat("00-", kTraceId, "-", kCaller, "-01"));
  const std::string plain = Http("GET", "/metrics");
  EXPECT_THAT(plain, HasSubstr("text/plain; version=0.0.4"));
  const int port = PortOf(host_->http_address());
  const auto answer = Settle(loop_, loop_.workers().Run([port] {
    return HttpExchange(port, "GET", "/metrics", "",
                        "application/openmetrics-text;version=1.0.0");
  }));
  ASSERT_TRUE(answer.ok());
  EXPECT_THAT(*answer,
              AllOf(HasSubstr("application/openmetrics-text; version=1.0.0"),
                    HasSubstr(StrCat("# {trace_id=\"", kTraceId)),
                    HasSubstr("# EOF\n")));
}

TEST(ExportOptionsTest, TheServiceNamesTheProcessUnlessItIsTold) {
  Config config;
  config.mutable_otlp()->set_endpoint("http://collector:4318");
  const auto name_of = [&] {
    return ExportOptionsOf(config, nullptr).resource.front().second;
  };
  EXPECT_EQ(name_of(), "millrace");
  config.add_services("users");
  EXPECT_EQ(name_of(), "users");
  config.add_services("admin");
  EXPECT_EQ(name_of(), "millrace");
  config.mutable_otlp()->set_service_name("shop");
  EXPECT_EQ(name_of(), "shop");
  EXPECT_EQ(ExportOptionsOf(config, nullptr).messaging_system, "millrace");
  config.mutable_bus()->set_transport("kafka");
  EXPECT_EQ(ExportOptionsOf(config, nullptr).messaging_system, "kafka");
}

}  // namespace
}  // namespace millrace::runtime
