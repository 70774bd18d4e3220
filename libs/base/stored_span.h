// A span with its texts: a value of fixed size, which is made and copied
// without allocating. Plain value.
#ifndef MILLRACE_BASE_STORED_SPAN_H_
#define MILLRACE_BASE_STORED_SPAN_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/span.h"

namespace millrace {

class StoredSpan {
 public:
  // Texts that do not fit together are cut short, the error first; a cut may
  // fall within a character.
  explicit StoredSpan(const Span& span) noexcept;

  // As it was stored; its views are valid as long as this is.
  Span span() const;

 private:
  static constexpr size_t kTexts = 7;
  static constexpr size_t kTextBytes = 320;

  Span span_;  // its views are unset
  std::array<uint16_t, kTexts> sizes_;
  std::array<char, kTextBytes> text_;
};

}  // namespace millrace

#endif  // MILLRACE_BASE_STORED_SPAN_H_
