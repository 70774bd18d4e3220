#include "base/stored_span.h"

#include <algorithm>
#include <cstring>

namespace millrace {
namespace {

using Text = std::string_view Span::*;

// In the order in which they are given room.
constexpr std::array<Text, 7> kTextsOfSpan = {
    &Span::event_id, &Span::name,  &Span::group, &Span::source,
    &Span::key,      &Span::topic, &Span::error};

}  // namespace

StoredSpan::StoredSpan(const Span& span) noexcept : span_(span) {
  static_assert(kTextsOfSpan.size() == kTexts);
  size_t used = 0;
  for (size_t i = 0; i < kTexts; ++i) {
    const std::string_view text = span.*kTextsOfSpan[i];
    const size_t size = std::min(text.size(), kTextBytes - used);
    if (size > 0) std::memcpy(text_.data() + used, text.data(), size);
    sizes_[i] = static_cast<uint16_t>(size);
    span_.*kTextsOfSpan[i] = {};
    used += size;
  }
}

Span StoredSpan::span() const {
  Span span = span_;
  const char* text = text_.data();
  for (size_t i = 0; i < kTexts; ++i) {
    span.*kTextsOfSpan[i] = {text, sizes_[i]};
    text += sizes_[i];
  }
  return span;
}

}  // namespace millrace
