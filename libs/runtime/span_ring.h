// The latest spans of a process, for `millrace trace`: a ring in memory that
// forgets the oldest. All loops of a process share one. Any thread.
//
// Recording copies one slot under a lock that is held for as long, and
// allocates nothing; reading holds it for a pass over the ring.
#ifndef MILLRACE_RUNTIME_SPAN_RING_H_
#define MILLRACE_RUNTIME_SPAN_RING_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "base/stored_span.h"

namespace millrace::runtime {

class SpanRing final : public SpanSink {
 public:
  // Keeps up to `capacity` spans, some 550 bytes each, which are taken when
  // they are first needed. Zero: keeps none.
  explicit SpanRing(size_t capacity);

  // Keeps it as StoredSpan does.
  void Record(const Span& span) noexcept override;

  // Hands over what is there, the oldest first. The views of a span are valid
  // within the call, which must not record.
  void ForEach(const std::function<void(const Span&)>& take) const;

  // How many were recorded, those that are forgotten included.
  uint64_t recorded() const;

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::vector<StoredSpan> spans_;
  uint64_t recorded_ = 0;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_SPAN_RING_H_
