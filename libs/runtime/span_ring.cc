#include "runtime/span_ring.h"

#include <algorithm>
#include <cstring>

namespace millrace::runtime {
namespace {

using Text = std::string_view Span::*;

// In the order in which they are given room.
constexpr std::array<Text, 6> kTextsOfSpan = {&Span::event_id, &Span::name,
                                              &Span::group,    &Span::source,
                                              &Span::key,      &Span::error};

}  // namespace

SpanRing::SpanRing(size_t capacity) : capacity_(capacity) {
  // So that recording never allocates; the pages are the system's until then.
  slots_.reserve(capacity);
}

void SpanRing::Record(const Span& span) noexcept {
  if (capacity_ == 0) return;
  const std::lock_guard lock(mutex_);
  const size_t index = recorded_++ % capacity_;
  if (index == slots_.size()) slots_.emplace_back();
  Slot& slot = slots_[index];
  slot.span = span;
  size_t used = 0;
  for (size_t i = 0; i < kTextsOfSpan.size(); ++i) {
    const std::string_view text = span.*kTextsOfSpan[i];
    const size_t size = std::min(text.size(), kTextBytes - used);
    if (size > 0) std::memcpy(slot.text.data() + used, text.data(), size);
    slot.sizes[i] = static_cast<uint16_t>(size);
    slot.span.*kTextsOfSpan[i] = {};
    used += size;
  }
}

void SpanRing::ForEach(const std::function<void(const Span&)>& take) const {
  const std::lock_guard lock(mutex_);
  if (slots_.empty()) return;
  const size_t oldest = slots_.size() < capacity_ ? 0 : recorded_ % capacity_;
  for (size_t n = 0; n < slots_.size(); ++n) {
    const Slot& slot = slots_[(oldest + n) % slots_.size()];
    Span span = slot.span;
    const char* text = slot.text.data();
    for (size_t i = 0; i < kTextsOfSpan.size(); ++i) {
      span.*kTextsOfSpan[i] = {text, slot.sizes[i]};
      text += slot.sizes[i];
    }
    take(span);
  }
}

uint64_t SpanRing::recorded() const {
  const std::lock_guard lock(mutex_);
  return recorded_;
}

}  // namespace millrace::runtime
