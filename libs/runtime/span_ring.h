// The latest spans of a process, for `millrace trace`: a ring in memory that
// forgets the oldest. All loops of a process share one. Any thread.
//
// Recording copies one slot under a lock that is held for as long, and
// allocates nothing; reading holds it for a pass over the ring.
#ifndef MILLRACE_RUNTIME_SPAN_RING_H_
#define MILLRACE_RUNTIME_SPAN_RING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "base/span.h"

namespace millrace::runtime {

class SpanRing final : public SpanSink {
 public:
  // Keeps up to `capacity` spans, some 480 bytes each, which are taken when
  // they are first needed. Zero: keeps none.
  explicit SpanRing(size_t capacity);

  // Texts that do not fit together are cut short, the error first.
  void Record(const Span& span) noexcept override;

  // Hands over what is there, the oldest first. The views of a span are valid
  // within the call, which must not record.
  void ForEach(const std::function<void(const Span&)>& take) const;

  // How many were recorded, those that are forgotten included.
  uint64_t recorded() const;

 private:
  static constexpr size_t kTexts = 6;
  static constexpr size_t kTextBytes = 288;

  struct Slot {
    Span span;  // its views are unset
    std::array<uint16_t, kTexts> sizes;
    std::array<char, kTextBytes> text;
  };

  const size_t capacity_;
  mutable std::mutex mutex_;
  std::vector<Slot> slots_;
  uint64_t recorded_ = 0;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_SPAN_RING_H_
