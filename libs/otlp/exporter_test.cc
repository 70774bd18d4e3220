#include "otlp/exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "contract/errors.h"
#include "loop/combinators.h"
#include "loop/testing/await.h"
#include "otlp/export_thread.h"
#include "otlp/testing/counter_metrics.h"
#include "otlp/testing/fake_collector.h"

namespace millrace::otlp {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

// What is logged: "message: error".
class LineLogger final : public Logger {
 public:
  bool Enabled(Severity) const override { return true; }
  void Write(Severity, std::string_view message,
             absl::Span<const LogField> fields) override {
    std::string line(message);
    for (const LogField& field : fields) {
      if (field.key != "error") continue;
      StrAppend(&line, ": ", std::get<std::string_view>(field.value));
    }
    lines.push_back(std::move(line));
  }
  std::vector<std::string> lines;
};

class ExporterTest : public testing::Test {
 protected:
  ExporterTest() {
    options_.collector.url = collector_.url();
    options_.collector.backoff = {absl::Milliseconds(1), absl::Milliseconds(5)};
    options_.resource = {{"service.name", "test"}};
    options_.messaging_system = "millrace";
    options_.span_interval = absl::Milliseconds(5);
    options_.metrics_interval = absl::ZeroDuration();
    options_.start = absl::FromUnixSeconds(100);
  }

  void Start(Exporter::Collect collect = nullptr) {
    exporter_ = std::make_unique<Exporter>(
        loop_, options_, queue_, std::move(collect), logger_, metrics_);
  }
  void Close(absl::Duration bound = absl::Seconds(20)) {
    EXPECT_TRUE(AwaitOn(loop_, exporter_->Close(bound)).ok());
    exporter_.reset();
  }
  void Record(std::string_view name, std::string_view error = {}) {
    Span span;
    span.trace_id = {1};
    span.span_id = {2};
    span.name = name;
    span.error = error;
    queue_->Record(span);
  }
  // Runs the loop until the collector was asked so often.
  void UntilRequests(int count) {
    AwaitOn(loop_,
            [](FakeCollector& collector, int count) -> Promise<void> {
              while (collector.requests < count) {
                co_await Delay(absl::Milliseconds(1));
              }
            }(collector_, count))
        .IgnoreError();
  }
  // A message that a collector sends with an error.
  static std::string StatusBody(std::string_view text) {
    return StatusToBytes(absl::InvalidArgumentError(ToAbsl(text)));
  }

  EventLoop loop_;
  FakeCollector collector_{loop_};
  ExporterOptions options_;
  LineLogger logger_;
  CounterMetrics metrics_;
  std::shared_ptr<SpanQueue> queue_ =
      std::make_shared<SpanQueue>(SpanQueue::kBatchSpans * 4, metrics_);
  std::unique_ptr<Exporter> exporter_;
};

TEST_F(ExporterTest, SendsWhatWaitsAfterTheInterval) {
  options_.collector.authorization = "Bearer abc";
  Start();
  Record("a.v1.A/Do");
  Record("a.v1.A/Undo");
  UntilRequests(1);
  EXPECT_THAT(collector_.spans, SizeIs(2));
  EXPECT_NE(
      collector_.Find("a.v1.A/Undo", FakeCollector::Span::SPAN_KIND_SERVER),
      nullptr);
  EXPECT_THAT(collector_.resource, Contains(Pair("service.name", "test")));
  EXPECT_EQ(collector_.headers.Get("content-type"), "application/x-protobuf");
  EXPECT_EQ(collector_.headers.Get("authorization"), "Bearer abc");
  EXPECT_FALSE(collector_.headers.Has("content-encoding"));
  Close();
  EXPECT_EQ(metrics_.Get("exported_total traces"), 2);
  EXPECT_EQ(metrics_.Get("requests_total traces sent"), 1);
  EXPECT_THAT(logger_.lines, IsEmpty());
}

TEST_F(ExporterTest, SendsFullBatchesAtOnceAndCompressed) {
  options_.span_interval = absl::Hours(1);
  Start();
  for (size_t i = 0; i < SpanQueue::kBatchSpans + 1; ++i) Record("a.v1.A/Do");
  UntilRequests(1);
  EXPECT_THAT(collector_.spans, SizeIs(SpanQueue::kBatchSpans));
  EXPECT_EQ(collector_.headers.Get("content-encoding"), "gzip");
  Close();
  EXPECT_THAT(collector_.spans, SizeIs(SpanQueue::kBatchSpans + 1));
}

TEST_F(ExporterTest, ClosingSendsWhatIsLeft) {
  options_.span_interval = absl::Hours(1);
  Start();
  for (size_t i = 0; i < SpanQueue::kBatchSpans * 2 + 5; ++i) Record("a");
  Close();
  EXPECT_THAT(collector_.spans, SizeIs(SpanQueue::kBatchSpans * 2 + 5));
  EXPECT_EQ(collector_.requests, 3);
}

TEST_F(ExporterTest, TriesAgainWhatPasses) {
  for (const int status : {429, 502, 503, 504}) {
    collector_.answers.push_back({.status = status});
  }
  Start();
  Record("a");
  UntilRequests(5);
  Close();
  EXPECT_THAT(collector_.spans, SizeIs(1));
  EXPECT_EQ(metrics_.Get("requests_total traces retried"), 4);
  EXPECT_EQ(metrics_.Get("exported_total traces"), 1);
  EXPECT_THAT(logger_.lines.front(),
              HasSubstr("cannot be reached; will try again: it answers 429"));
  EXPECT_EQ(logger_.lines.back(), "the collector takes what is exported again");
}

TEST_F(ExporterTest, ObeysRetryAfter) {
  // Longer than it may be tried at all: so it is not.
  options_.give_up = absl::Seconds(60);
  collector_.answers.push_back(
      {.status = 503, .headers = {{"retry-after", "120"}}});
  Start();
  Record("a");
  UntilRequests(1);
  Close();
  EXPECT_EQ(collector_.requests, 1);
  EXPECT_EQ(metrics_.Get("dropped_total traces undelivered"), 1);
}

TEST_F(ExporterTest, DropsWhatIsRefusedAndSaysWhy) {
  collector_.answers.push_back({.status = 400, .body = StatusBody("bad span")});
  collector_.answers.push_back({.status = 400, .body = StatusBody("bad span")});
  Start();
  Record("a");
  UntilRequests(1);
  Record("b");
  UntilRequests(2);
  Record("c");
  Close();
  EXPECT_THAT(collector_.spans, SizeIs(1));
  EXPECT_EQ(metrics_.Get("dropped_total traces refused"), 2);
  EXPECT_EQ(metrics_.Get("requests_total traces refused"), 2);
  // Once, however often it happens.
  ASSERT_THAT(logger_.lines, SizeIs(2));
  EXPECT_EQ(logger_.lines[0],
            "the collector refuses what is exported, which is dropped: it "
            "answers 400: bad span");
}

TEST_F(ExporterTest, TellsOfWhatWasTakenInPart) {
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse part;
  part.mutable_partial_success()->set_rejected_spans(1);
  part.mutable_partial_success()->set_error_message("one is too old");
  collector_.answers.push_back({.body = part.SerializeAsString()});
  Start();
  Record("a");
  Record("b");
  Close();
  EXPECT_EQ(metrics_.Get("exported_total traces"), 1);
  EXPECT_EQ(metrics_.Get("dropped_total traces refused"), 1);
  EXPECT_THAT(logger_.lines, testing::ElementsAre(HasSubstr("one is too old")));
}

TEST_F(ExporterTest, ClosingIsBoundedWhenNobodyAnswers) {
  // A port that nobody listens on any more.
  {
    FakeCollector gone(loop_);
    options_.collector.url = gone.url();
  }
  Start();
  for (size_t i = 0; i < SpanQueue::kBatchSpans + 3; ++i) Record("a");
  Close(absl::Milliseconds(50));
  EXPECT_EQ(metrics_.Get("exported_total traces"), 0);
  EXPECT_EQ(metrics_.Get("dropped_total traces undelivered"),
            SpanQueue::kBatchSpans + 3);
  EXPECT_THAT(logger_.lines, testing::ElementsAre(HasSubstr("will try again")));
}

TEST_F(ExporterTest, ClosingDoesNotWaitForALongPause) {
  options_.collector.backoff = {absl::Minutes(2), absl::Minutes(2)};
  collector_.answers.push_back({.status = 503});
  Start();
  Record("a");
  UntilRequests(1);
  Close();
  EXPECT_THAT(collector_.spans, SizeIs(1));
}

TEST_F(ExporterTest, SendsMetricsAtTheIntervalAndWhenClosing) {
  options_.metrics_interval = absl::Milliseconds(5);
  double value = 0;
  const auto collect = [&value] {
    return Promise<std::vector<MetricFamily>>::Resolve(
        std::vector<MetricFamily>{
            {.name = "millrace_things", .points = {{.value = ++value}}}});
  };
  Start(collect);
  UntilRequests(2);
  Close();
  ASSERT_GE(collector_.metrics.size(), 3u);
  const auto& last = collector_.metrics.back().gauge().data_points(0);
  EXPECT_EQ(last.as_double(), value);
  EXPECT_EQ(last.start_time_unix_nano(), 100'000'000'000);
  EXPECT_EQ(metrics_.Get("exported_total metrics"), value);
}

TEST_F(ExporterTest, GoesOnWhenMetricsCannotBeCollected) {
  options_.metrics_interval = absl::Milliseconds(5);
  bool away = true;
  Start([&away] {
    if (std::exchange(away, false)) {
      return Promise<std::vector<MetricFamily>>::Reject(
          absl::UnavailableError("the loop is gone"));
    }
    return Promise<std::vector<MetricFamily>>::Resolve(
        std::vector<MetricFamily>{{.name = "millrace_things"}});
  });
  UntilRequests(1);
  Close();
  EXPECT_EQ(logger_.lines.front(),
            "the metrics cannot be collected for their export: the loop is "
            "gone");
  EXPECT_NE(collector_.FindMetric("millrace_things"), nullptr);
}

TEST_F(ExporterTest, WorksOnAThreadOfItsOwn) {
  auto thread = ExportThread::Start(loop_, nullptr, options_, queue_, nullptr,
                                    logger_, metrics_);
  ASSERT_TRUE(thread.ok()) << thread.status();
  Record("a");
  UntilRequests(1);
  Record("b");
  EXPECT_TRUE(AwaitOn(loop_, (*thread)->Close(absl::Seconds(20))).ok());
  EXPECT_THAT(collector_.spans, SizeIs(2));
}

}  // namespace
}  // namespace millrace::otlp
