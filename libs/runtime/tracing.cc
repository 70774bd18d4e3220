#include "runtime/tracing.h"

#include <algorithm>
#include <utility>

namespace millrace::runtime {
namespace {

constexpr double kRange = 72057594037927936.0;  // 2^56

uint64_t ThresholdOf(double ratio) {
  return static_cast<uint64_t>((1 - std::clamp(ratio, 0.0, 1.0)) * kRange);
}

}  // namespace

Tracing::Tracing(size_t keep, double ratio,
                 std::shared_ptr<otlp::SpanQueue> queue)
    : ring_(keep), queue_(std::move(queue)), threshold_(ThresholdOf(ratio)) {}

void Tracing::Record(const Span& span) noexcept {
  ring_.Record(span);
  if (span.sampled && queue_ != nullptr) queue_->Record(span);
}

bool Tracing::Samples(const TraceId& id) const noexcept {
  uint64_t random = 0;
  for (size_t i = 9; i < id.size(); ++i) random = random << 8 | id[i];
  return random >= threshold_.load(std::memory_order_relaxed);
}

void Tracing::SetRatio(double ratio) {
  threshold_.store(ThresholdOf(ratio), std::memory_order_relaxed);
}

}  // namespace millrace::runtime
