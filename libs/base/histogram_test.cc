#include "base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <thread>
#include <vector>

namespace millrace {
namespace {

TEST(LatencyHistogramTest, NothingRecordedIsZero) {
  const LatencyHistogram histogram;
  const auto snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.count(), 0u);
  EXPECT_EQ(snapshot.sum(), 0u);
  EXPECT_EQ(snapshot.max(), 0);
  EXPECT_EQ(snapshot.Quantile(0.99), 0);
}

TEST(LatencyHistogramTest, SmallValuesAreExact) {
  LatencyHistogram histogram;
  for (int i = 0; i < 16; ++i) histogram.Record(i);
  histogram.Record(-5);
  const auto snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.count(), 17u);
  EXPECT_EQ(snapshot.sum(), 120u);
  EXPECT_EQ(snapshot.max(), 15);
  EXPECT_EQ(snapshot.Quantile(0), 0);
  EXPECT_EQ(snapshot.Quantile(0.5), 7);
  EXPECT_EQ(snapshot.Quantile(1), 15);
  EXPECT_EQ(snapshot.CountUpTo(3), 5u);
  EXPECT_EQ(snapshot.CountUpTo(-1), 0u);
}

TEST(LatencyHistogramTest, OneValueIsWithinASixteenth) {
  const int64_t largest = std::numeric_limits<int64_t>::max();
  std::vector<int64_t> values = {largest, largest - 1, largest / 2};
  for (int bit = 0; bit < 63; ++bit) {
    for (int off = -1; off <= 1; ++off) {
      values.push_back((int64_t{1} << bit) + off);
    }
  }
  for (const int64_t value : values) {
    LatencyHistogram histogram;
    histogram.Record(value);
    histogram.Record(largest);
    // Not cut by the maximum, so the bucket's own bound.
    const int64_t found = histogram.snapshot().Quantile(0.5);
    EXPECT_GE(found, value);
    EXPECT_LE(found - value, value / 16) << value;
    EXPECT_EQ(histogram.snapshot().max(), largest);
  }
}

TEST(LatencyHistogramTest, QuantilesFollowTheSortedValues) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> lengths(12, 3);
  LatencyHistogram histogram;
  std::vector<int64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<int64_t>(lengths(random)));
    histogram.Record(values.back());
  }
  std::sort(values.begin(), values.end());
  const auto snapshot = histogram.snapshot();
  for (const double q : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank =
        static_cast<size_t>(std::ceil(q * static_cast<double>(values.size())));
    const int64_t exact = values[std::max<size_t>(rank, 1) - 1];
    EXPECT_GE(snapshot.Quantile(q), exact) << q;
    EXPECT_LE(snapshot.Quantile(q) - exact, exact / 16) << q;
  }
  EXPECT_EQ(snapshot.Quantile(1), values.back());
}

TEST(LatencyHistogramTest, MergesAndTellsWhatIsNew) {
  LatencyHistogram one;
  LatencyHistogram two;
  for (int i = 0; i < 90; ++i) one.Record(1000);
  one.Record(1'000'000);
  const auto before = one.snapshot();
  for (int i = 0; i < 10; ++i) {
    one.Record(50'000);
    two.Record(2'000'000);
  }
  const auto since = one.snapshot().Since(before);
  EXPECT_EQ(since.count(), 10u);
  EXPECT_EQ(since.sum(), 500'000u);
  EXPECT_GE(since.max(), 50'000);
  EXPECT_LE(since.max(), 50'000 + 50'000 / 16);
  EXPECT_EQ(one.snapshot().Since({}).count(), 101u);

  LatencyHistogram::Snapshot both;
  both.Merge(one.snapshot());
  both.Merge(two.snapshot());
  both.Merge({});
  EXPECT_EQ(both.count(), 111u);
  EXPECT_EQ(both.max(), 2'000'000);
  EXPECT_EQ(both.sum(), one.snapshot().sum() + two.snapshot().sum());
  EXPECT_EQ(both.CountUpTo(10'000), 90u);
}

TEST(LatencyHistogramTest, LosesNothingWithManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 20'000;
  LatencyHistogram histogram;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&histogram, t] {
      for (int i = 0; i < kEach; ++i) histogram.Record(i * (t + 1));
    });
  }
  // Snapshots beside it are never ahead of themselves.
  uint64_t last = 0;
  for (int i = 0; i < 50; ++i) {
    const uint64_t count = histogram.snapshot().count();
    EXPECT_GE(count, last);
    last = count;
  }
  for (std::thread& thread : threads) thread.join();
  const auto snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.count(), uint64_t{kThreads} * kEach);
  EXPECT_EQ(snapshot.sum(), uint64_t{1 + 2 + 3 + 4} * kEach * (kEach - 1) / 2);
  EXPECT_EQ(snapshot.max(), int64_t{kThreads} * (kEach - 1));
}

}  // namespace
}  // namespace millrace
