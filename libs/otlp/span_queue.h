// The spans that wait to be exported. Who handles requests puts them in; the
// exporter takes them out in batches. Any thread.
//
// Recording copies a span under a lock, allocates nothing and never waits for
// the exporter: batches go back and forth whole, so that the lock is never held
// for longer than one span takes. When all batches are full, a span is dropped
// and counted.
//
//   millrace_otlp_dropped_total{signal="traces",reason="queue_full"}
#ifndef MILLRACE_OTLP_SPAN_QUEUE_H_
#define MILLRACE_OTLP_SPAN_QUEUE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/metrics.h"
#include "base/stored_span.h"

namespace millrace::otlp {

class SpanQueue {
 public:
  static constexpr size_t kBatchSpans = 512;
  using Batch = std::vector<StoredSpan>;  // the oldest first

  // Keeps up to `capacity` spans, rounded up to two batches and more, some 550
  // bytes each, whose memory is taken when it is first needed. `metrics`
  // outlives it.
  SpanQueue(size_t capacity, Metrics& metrics);

  void Record(const Span& span) noexcept;

  // Calls `wake` on the recording thread each time a batch has become full.
  // Null: nobody. It must not throw, and not record.
  void OnFull(std::function<void()> wake);

  // The oldest batch, or null: a full one, or with `unfilled` one that has any
  // span at all. GiveBack() makes room again.
  std::unique_ptr<Batch> Take(bool unfilled);
  void GiveBack(std::unique_ptr<Batch> batch);

 private:
  Counter& dropped_;
  std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<std::unique_ptr<Batch>> free_;
  std::vector<std::unique_ptr<Batch>> full_;
  std::unique_ptr<Batch> filling_;  // null: there was none free
};

}  // namespace millrace::otlp

#endif  // MILLRACE_OTLP_SPAN_QUEUE_H_
