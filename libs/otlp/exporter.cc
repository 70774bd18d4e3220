#include "otlp/exporter.h"

#include <utility>

#include "absl/time/clock.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/loop_ref.h"
#include "otlp/metrics_request.h"
#include "otlp/trace_request.h"

namespace millrace::otlp {
namespace {

// How long the loops may take to tell their metrics; without them the rest is
// sent.
constexpr absl::Duration kCollectTime = absl::Seconds(5);

}  // namespace

Exporter::Exporter(EventLoop& loop, ExporterOptions options,
                   std::shared_ptr<SpanQueue> spans, Collect collect,
                   Logger& logger, Metrics& metrics)
    : loop_(loop),
      options_(std::move(options)),
      spans_(std::move(spans)),
      collect_(std::move(collect)),
      logger_(logger),
      span_sender_(loop, options_.collector, Signal::kTraces, logger, metrics),
      metric_sender_(loop, options_.collector, Signal::kMetrics, logger,
                     metrics) {
  if (spans_ != nullptr) {
    spans_->OnFull([loop = LoopRef(loop_), waker = span_waker_] {
      loop.Post([waker] { waker->Wake(); });
    });
    sending_spans_ = RunSpans();
  }
  if (collect_ && options_.metrics_interval > absl::ZeroDuration()) {
    sending_metrics_ = RunMetrics();
  }
}

Exporter::~Exporter() {
  if (spans_ != nullptr) spans_->OnFull(nullptr);
}

Promise<bool> Exporter::Rest(std::shared_ptr<Waker> waker,
                             absl::Duration time) {
  if (!std::exchange(waker->woken, false)) {
    waker->resting = AbortController();
    const absl::Status rested =
        co_await AsStatusOr(Delay(time, waker->resting.signal()));
    waker->woken = false;
    if (rested.ok()) co_return true;
  }
  co_return false;
}

Promise<void> Exporter::RunSpans() {
  while (!closing_) {
    const bool waited = co_await Rest(span_waker_, options_.span_interval);
    co_await SendSpans(waited);
  }
  co_await SendSpans(true);
}

Promise<void> Exporter::SendSpans(bool unfilled) {
  while (std::unique_ptr<SpanQueue::Batch> batch = spans_->Take(unfilled)) {
    const size_t count = batch->size();
    std::string request =
        TraceRequest(options_.resource, options_.messaging_system, *batch);
    // So that its room is free while the collector takes its time.
    spans_->GiveBack(std::move(batch));
    co_await span_sender_.Send(std::move(request), count, options_.give_up,
                               end_);
  }
}

Promise<void> Exporter::RunMetrics() {
  while (!closing_) {
    const bool waited = co_await Rest(metric_waker_, options_.metrics_interval);
    if (waited) co_await SendMetrics();
  }
  co_await SendMetrics();
}

Promise<void> Exporter::SendMetrics() {
  const absl::StatusOr<std::vector<MetricFamily>> families =
      co_await AsStatusOr(WithTimeout(collect_(), kCollectTime));
  if (!families.ok()) {
    logger_.Warning("the metrics cannot be collected for their export",
                    {{"error", MessageOf(families.status())}});
    co_return;
  }
  const Period period = {options_.start, absl::Now()};
  std::string request = MetricsRequest(options_.resource, period, *families);
  co_await metric_sender_.Send(std::move(request), PointsIn(*families),
                               options_.metrics_interval, end_);
}

Promise<void> Exporter::Close(absl::Duration bound) {
  closing_ = true;
  near_.Abort(absl::CancelledError("the process ends"));
  span_waker_->Wake();
  metric_waker_->Wake();
  Timer late = loop_.SetTimeout(bound, [stop = stop_]() mutable {
    stop.Abort(absl::CancelledError("the process ends"));
  });
  if (sending_spans_) co_await *sending_spans_;
  if (sending_metrics_) co_await *sending_metrics_;
  late.Clear();
}

}  // namespace millrace::otlp
