// What becomes of the spans of a process, and which traces that begin in it are
// sampled. All loops share one. Any thread.
//
// The ring keeps the latest spans of all traces, for `millrace trace`. The
// queue of the export is given those of sampled traces alone.
//
// A trace that comes from outside is sampled as its traceparent says. One that
// begins here is sampled by its id: its last 56 bits, which are random, against
// a threshold, as OpenTelemetry's consistent probability sampling has it. So
// processes with the same ratio agree on a trace, and one with a larger ratio
// takes what one with a smaller does.
#ifndef MILLRACE_RUNTIME_TRACING_H_
#define MILLRACE_RUNTIME_TRACING_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/span.h"
#include "otlp/span_queue.h"
#include "runtime/span_ring.h"

namespace millrace::runtime {

class Tracing final : public SpanSink {
 public:
  // Keeps so many spans. `queue` may be null: nothing is exported.
  Tracing(size_t keep, double ratio, std::shared_ptr<otlp::SpanQueue> queue);

  // SpanSink.
  void Record(const Span& span) noexcept override;
  bool Samples(const TraceId& id) const noexcept override;

  // From 0 to 1, of the traces that begin from now on.
  void SetRatio(double ratio);

  const SpanRing& ring() const { return ring_; }
  const std::shared_ptr<otlp::SpanQueue>& queue() const { return queue_; }

 private:
  SpanRing ring_;
  const std::shared_ptr<otlp::SpanQueue> queue_;
  std::atomic<uint64_t> threshold_;  // what is below is not sampled
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_TRACING_H_
