#include "base/histogram.h"

#include <algorithm>
#include <cmath>

namespace millrace {

uint64_t LatencyHistogram::UpperBound(size_t bucket) {
  if (bucket < kSteps) return bucket;
  const size_t shift = (bucket >> kBits) - 1;
  const uint64_t step = (bucket & (kSteps - 1)) + kSteps;
  return ((step + 1) << shift) - 1;
}

LatencyHistogram::Snapshot LatencyHistogram::snapshot() const {
  Snapshot snapshot;
  snapshot.buckets_.resize(kBuckets);
  for (size_t i = 0; i < kBuckets; ++i) {
    snapshot.buckets_[i] = buckets_[i].load(std::memory_order_relaxed);
    // Counted here, so that quantiles and count agree.
    snapshot.count_ += snapshot.buckets_[i];
  }
  snapshot.sum_ = sum_.load(std::memory_order_relaxed);
  snapshot.max_ = max_.load(std::memory_order_relaxed);
  return snapshot;
}

int64_t LatencyHistogram::Snapshot::Quantile(double q) const {
  if (count_ == 0) return 0;
  const double share = std::clamp(q, 0.0, 1.0) * static_cast<double>(count_);
  const uint64_t rank =
      std::clamp<uint64_t>(static_cast<uint64_t>(std::ceil(share)), 1, count_);
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) {
      return static_cast<int64_t>(std::min(UpperBound(i), max_));
    }
  }
  return max();
}

uint64_t LatencyHistogram::Snapshot::CountUpTo(int64_t nanoseconds) const {
  if (nanoseconds < 0) return 0;
  const auto limit = static_cast<uint64_t>(nanoseconds);
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size() && UpperBound(i) <= limit; ++i) {
    seen += buckets_[i];
  }
  return seen;
}

void LatencyHistogram::Snapshot::Merge(const Snapshot& other) {
  if (other.buckets_.empty()) return;
  buckets_.resize(kBuckets);
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

LatencyHistogram::Snapshot LatencyHistogram::Snapshot::Since(
    const Snapshot& earlier) const {
  Snapshot since = *this;
  if (earlier.buckets_.empty() || buckets_.empty()) return since;
  since.count_ = 0;
  uint64_t highest = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    since.buckets_[i] -= std::min(earlier.buckets_[i], since.buckets_[i]);
    since.count_ += since.buckets_[i];
    if (since.buckets_[i] > 0) highest = UpperBound(i);
  }
  since.sum_ -= earlier.sum_;
  since.max_ = std::min(highest, max_);
  return since;
}

}  // namespace millrace
