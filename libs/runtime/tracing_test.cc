#include "runtime/tracing.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/metrics.h"
#include "base/trace.h"

namespace millrace::runtime {
namespace {

Span Sampled(bool sampled) {
  Span span;
  span.sampled = sampled;
  return span;
}

TEST(TracingTest, KeepsAllSpansAndExportsThoseOfSampledTraces) {
  NullMetrics metrics;
  const auto queue = std::make_shared<otlp::SpanQueue>(1, metrics);
  Tracing tracing(10, 1, queue);
  tracing.Record(Sampled(true));
  tracing.Record(Sampled(false));
  tracing.Record(Sampled(true));
  EXPECT_EQ(tracing.ring().recorded(), 3u);
  const auto batch = queue->Take(true);
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(batch->size(), 2u);
}

TEST(TracingTest, NobodyWantsThemWithoutAnExport) {
  Tracing tracing(0, 1, nullptr);
  tracing.Record(Sampled(true));
  EXPECT_EQ(tracing.ring().recorded(), 0u);
}

TEST(TracingTest, TheEndsOfTheRatioAreAllAndNone) {
  const TraceId low{1};
  TraceId high;
  high.fill(0xff);
  for (const TraceId& id : {low, high}) {
    EXPECT_TRUE(Tracing(0, 1, nullptr).Samples(id));
    EXPECT_FALSE(Tracing(0, 0, nullptr).Samples(id));
  }
  // The first bytes, which may be a time, have no say.
  EXPECT_FALSE(Tracing(0, 0.5, nullptr).Samples(low));
  EXPECT_TRUE(Tracing(0, 0.5, nullptr).Samples(high));
}

// Other implementations decide the same: the threshold of 1/4 is
// 0xc0000000000000.
TEST(TracingTest, TheThresholdIsThatOfTheSpecification) {
  Tracing quarter(0, 0.25, nullptr);
  TraceId id{};
  id[9] = 0xc0;
  EXPECT_TRUE(quarter.Samples(id));
  id[9] = 0xbf;
  for (size_t i = 10; i < id.size(); ++i) id[i] = 0xff;
  EXPECT_FALSE(quarter.Samples(id));
}

TEST(TracingTest, ALargerRatioTakesWhatASmallerDoes) {
  const Tracing some(0, 0.1, nullptr), more(0, 0.3, nullptr);
  int in_some = 0, in_more = 0;
  constexpr int kTraces = 20'000;
  for (int i = 0; i < kTraces; ++i) {
    const TraceId id = TraceContext::NewRoot().trace_id;
    if (some.Samples(id)) {
      ++in_some;
      EXPECT_TRUE(more.Samples(id));
    }
    in_more += more.Samples(id);
  }
  // Ten standard deviations.
  EXPECT_NEAR(in_some, kTraces * 0.1, 430);
  EXPECT_NEAR(in_more, kTraces * 0.3, 650);
}

TEST(TracingTest, RootsAreSampledAsItSays) {
  Tracing tracing(0, 0, nullptr);
  EXPECT_FALSE(NewRoot(&tracing).sampled());
  tracing.SetRatio(1);
  EXPECT_TRUE(NewRoot(&tracing).sampled());
  EXPECT_TRUE(NewRoot(nullptr).sampled());
}

}  // namespace
}  // namespace millrace::runtime
