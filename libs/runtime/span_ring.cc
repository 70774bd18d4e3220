#include "runtime/span_ring.h"

namespace millrace::runtime {

SpanRing::SpanRing(size_t capacity) : capacity_(capacity) {
  // So that recording never allocates; the pages are the system's until then.
  spans_.reserve(capacity);
}

void SpanRing::Record(const Span& span) noexcept {
  if (capacity_ == 0) return;
  const std::lock_guard lock(mutex_);
  const size_t index = recorded_++ % capacity_;
  if (index == spans_.size()) {
    spans_.emplace_back(span);
  } else {
    spans_[index] = StoredSpan(span);
  }
}

void SpanRing::ForEach(const std::function<void(const Span&)>& take) const {
  const std::lock_guard lock(mutex_);
  if (spans_.empty()) return;
  const size_t oldest = spans_.size() < capacity_ ? 0 : recorded_ % capacity_;
  for (size_t n = 0; n < spans_.size(); ++n) {
    take(spans_[(oldest + n) % spans_.size()].span());
  }
}

uint64_t SpanRing::recorded() const {
  const std::lock_guard lock(mutex_);
  return recorded_;
}

}  // namespace millrace::runtime
