#include "otlp/span_queue.h"

#include <algorithm>
#include <utility>

#include "otlp/export_stats.h"

namespace millrace::otlp {

SpanQueue::SpanQueue(size_t capacity, Metrics& metrics)
    : dropped_(DroppedCounter(metrics, "traces", "queue_full")) {
  const size_t batches =
      std::max<size_t>(2, (capacity + kBatchSpans - 1) / kBatchSpans);
  free_.reserve(batches);
  full_.reserve(batches);
  for (size_t i = 0; i < batches; ++i) {
    // So that recording never allocates; the pages are the system's until then.
    free_.push_back(std::make_unique<Batch>());
    free_.back()->reserve(kBatchSpans);
  }
}

void SpanQueue::Record(const Span& span) noexcept {
  const std::lock_guard lock(mutex_);
  if (filling_ == nullptr) {
    if (free_.empty()) {
      dropped_.Add();
      return;
    }
    filling_ = std::move(free_.back());
    free_.pop_back();
  }
  filling_->emplace_back(span);
  if (filling_->size() < kBatchSpans) return;
  full_.push_back(std::move(filling_));
  if (wake_) wake_();
}

void SpanQueue::OnFull(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

std::unique_ptr<SpanQueue::Batch> SpanQueue::Take(bool unfilled) {
  const std::lock_guard lock(mutex_);
  if (full_.empty()) return unfilled ? std::move(filling_) : nullptr;
  std::unique_ptr<Batch> oldest = std::move(full_.front());
  full_.erase(full_.begin());
  return oldest;
}

void SpanQueue::GiveBack(std::unique_ptr<Batch> batch) {
  batch->clear();
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(batch));
}

}  // namespace millrace::otlp
