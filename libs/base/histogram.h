// How often what lengths of time were seen, in buckets of 1/16 of their value:
// a figure is at most that much too high, from 1 ns to 292 years.
//
// Any thread may record; recording is a few relaxed atomic additions, takes no
// lock and no memory. Any thread may take a snapshot at any time: what is
// recorded meanwhile is in it or not. One histogram is about 8 KiB. (The
// Histogram of metrics.h is the interface of what is exported; this one can be
// read.)
#ifndef MILLRACE_BASE_HISTOGRAM_H_
#define MILLRACE_BASE_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

class LatencyHistogram {
 public:
  class Snapshot;

  LatencyHistogram() = default;
  LatencyHistogram(const LatencyHistogram&) = delete;
  LatencyHistogram& operator=(const LatencyHistogram&) = delete;

  // What is negative counts as 0.
  void Record(int64_t nanoseconds) {
    const uint64_t value =
        nanoseconds < 0 ? 0 : static_cast<uint64_t>(nanoseconds);
    buckets_[BucketOf(value)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
    uint64_t max = max_.load(std::memory_order_relaxed);
    while (value > max &&
           !max_.compare_exchange_weak(max, value, std::memory_order_relaxed)) {
    }
  }

  Snapshot snapshot() const;

 private:
  // Values below 16 have a bucket each, and so has each sixteenth of every
  // power of two from there on.
  static constexpr int kBits = 4;
  static constexpr size_t kSteps = size_t{1} << kBits;
  static constexpr size_t kBuckets = kSteps * (63 - kBits + 1);

  static size_t BucketOf(uint64_t value) {
    if (value < kSteps) return static_cast<size_t>(value);
    const int shift = std::bit_width(value) - kBits - 1;
    return (static_cast<size_t>(shift) << kBits) +
           static_cast<size_t>(value >> shift);
  }
  // The largest value of a bucket.
  static uint64_t UpperBound(size_t bucket);

  std::array<std::atomic<uint64_t>, kBuckets> buckets_{};
  std::atomic<uint64_t> sum_{0};
  std::atomic<uint64_t> max_{0};
};

// The figures of one moment: an ordinary value. Lengths are nanoseconds.
class LatencyHistogram::Snapshot {
 public:
  uint64_t count() const { return count_; }
  // All lengths together; wraps around after 584 years.
  uint64_t sum() const { return sum_; }
  int64_t max() const { return static_cast<int64_t>(max_); }

  // What at least `q` (0 to 1) of the values did not exceed: never too low, at
  // most 1/16 too high, exact for 1. 0 when nothing was recorded.
  int64_t Quantile(double q) const;
  // The values in buckets that lie wholly at or below `nanoseconds`.
  uint64_t CountUpTo(int64_t nanoseconds) const;

  // Adds what `other` holds.
  void Merge(const Snapshot& other);
  // What was recorded since `earlier`, a snapshot of the same histogram; the
  // maximum is an upper bound then, as exact as a quantile.
  Snapshot Since(const Snapshot& earlier) const;

 private:
  friend class LatencyHistogram;

  uint64_t count_ = 0;
  uint64_t sum_ = 0;
  uint64_t max_ = 0;
  std::vector<uint64_t> buckets_;  // empty, or one for each bucket
};

}  // namespace millrace

#endif  // MILLRACE_BASE_HISTOGRAM_H_
