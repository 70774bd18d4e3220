// Sends the spans and the metrics of a process to an OpenTelemetry collector:
// spans when a batch is full or a second has passed, metrics at an interval.
// Loop thread of its own (export_thread.h), so that a request pays for a copy
// into the queue and for nothing else.
#ifndef MILLRACE_OTLP_EXPORTER_H_
#define MILLRACE_OTLP_EXPORTER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/logger.h"
#include "base/metric_family.h"
#include "base/metrics.h"
#include "loop/abort.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "otlp/resource.h"
#include "otlp/sender.h"
#include "otlp/span_queue.h"

namespace millrace::otlp {

struct ExporterOptions {
  Collector collector;
  Resource resource;
  // Of events: "kafka" and so on.
  std::string messaging_system;
  // How long a span waits for its batch to become full.
  absl::Duration span_interval = absl::Seconds(1);
  // Zero: no metrics are sent.
  absl::Duration metrics_interval = absl::Seconds(60);
  // How long a batch of spans is tried; of metrics it is the interval.
  absl::Duration give_up = absl::Minutes(5);
  // Since when the metrics count.
  absl::Time start;
};

class Exporter {
 public:
  // The metrics as they stand. Called on the exporter's loop.
  using Collect = std::function<Promise<std::vector<MetricFamily>>()>;

  // Begins at once. Without `spans` no spans are sent, without `collect` no
  // metrics. `loop`, `logger` and `metrics` outlive it.
  Exporter(EventLoop& loop, ExporterOptions options,
           std::shared_ptr<SpanQueue> spans, Collect collect, Logger& logger,
           Metrics& metrics);
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  // Sends what there is, and the metrics once more; what is not taken within
  // `bound` is dropped and counted. Resolves when the exporter may be
  // destroyed; never rejects. Call once.
  Promise<void> Close(absl::Duration bound);

 private:
  // What ends a rest, for as long as somebody may still post it.
  struct Waker {
    bool woken = false;
    AbortController resting;

    void Wake() {
      woken = true;
      resting.Abort(absl::CancelledError("there is work"));
    }
  };

  // True after the whole time, false when woken.
  static Promise<bool> Rest(std::shared_ptr<Waker> waker, absl::Duration time);
  Promise<void> RunSpans();
  Promise<void> RunMetrics();
  Promise<void> SendSpans(bool unfilled);
  Promise<void> SendMetrics();

  EventLoop& loop_;
  const ExporterOptions options_;
  const std::shared_ptr<SpanQueue> spans_;
  const Collect collect_;
  Logger& logger_;
  Sender span_sender_;
  Sender metric_sender_;
  bool closing_ = false;
  AbortController near_;  // aborted by Close()
  AbortController stop_;  // aborted at the bound of it
  const Sender::End end_{near_.signal(), stop_.signal()};
  const std::shared_ptr<Waker> span_waker_ = std::make_shared<Waker>();
  const std::shared_ptr<Waker> metric_waker_ = std::make_shared<Waker>();
  std::optional<Promise<void>> sending_spans_;
  std::optional<Promise<void>> sending_metrics_;
};

}  // namespace millrace::otlp

#endif  // MILLRACE_OTLP_EXPORTER_H_
