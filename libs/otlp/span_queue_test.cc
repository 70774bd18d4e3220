#include "otlp/span_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/strings.h"
#include "otlp/testing/counter_metrics.h"
#include "tests/support/allocation_counter.h"

namespace millrace::otlp {
namespace {

using testing::ElementsAre;

class SpanQueueTest : public testing::Test {
 protected:
  static void Record(SpanQueue& queue, std::string_view name) {
    Span span;
    span.name = name;
    queue.Record(span);
  }
  static void Fill(SpanQueue& queue) {
    for (size_t i = 0; i < SpanQueue::kBatchSpans; ++i) Record(queue, "a");
  }

  double Dropped() { return metrics_.Get("dropped_total traces queue_full"); }

  CounterMetrics metrics_;
};

TEST_F(SpanQueueTest, GivesFullBatchesInTheirOrderAndTheRestWhenAsked) {
  SpanQueue queue(SpanQueue::kBatchSpans * 4, metrics_);
  EXPECT_EQ(queue.Take(true), nullptr);
  Fill(queue);
  Record(queue, "b");
  auto first = queue.Take(false);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->size(), SpanQueue::kBatchSpans);
  EXPECT_EQ(first->front().span().name, "a");
  EXPECT_EQ(queue.Take(false), nullptr);
  auto rest = queue.Take(true);
  ASSERT_NE(rest, nullptr);
  ASSERT_EQ(rest->size(), 1u);
  EXPECT_EQ(rest->front().span().name, "b");
  EXPECT_EQ(queue.Take(true), nullptr);
}

TEST_F(SpanQueueTest, DropsAndCountsWhatDoesNotFit) {
  SpanQueue queue(1, metrics_);  // two batches all the same
  Fill(queue);
  Fill(queue);
  EXPECT_EQ(Dropped(), 0);
  Record(queue, "late");
  Record(queue, "later");
  EXPECT_EQ(Dropped(), 2);
  queue.GiveBack(queue.Take(false));
  Record(queue, "in time");
  EXPECT_EQ(Dropped(), 2);
  (void)queue.Take(false);
  EXPECT_EQ(queue.Take(true)->front().span().name, "in time");
}

TEST_F(SpanQueueTest, WakesOnceForEachFullBatch) {
  SpanQueue queue(SpanQueue::kBatchSpans * 3, metrics_);
  int woken = 0;
  queue.OnFull([&] { ++woken; });
  Fill(queue);
  EXPECT_EQ(woken, 1);
  Record(queue, "a");
  EXPECT_EQ(woken, 1);
  Fill(queue);
  EXPECT_EQ(woken, 2);
  queue.OnFull(nullptr);
  Fill(queue);
  EXPECT_EQ(woken, 2);
}

// What a request pays.
TEST_F(SpanQueueTest, RecordingAllocatesNothing) {
  SpanQueue queue(SpanQueue::kBatchSpans * 4, metrics_);
  queue.OnFull([] {});
  const std::string text(100, 't');
  Span span;
  span.name = span.event_id = span.key = span.error = text;
  const int64_t before = test::Allocations();
  for (size_t i = 0; i < SpanQueue::kBatchSpans * 5; ++i) queue.Record(span);
  EXPECT_EQ(test::Allocations() - before, 0);
  EXPECT_EQ(Dropped(), SpanQueue::kBatchSpans);
}

TEST_F(SpanQueueTest, LosesNothingBetweenManyThreadsAndTheExporter) {
  constexpr int kThreads = 4, kEach = 20'000;
  SpanQueue queue(SpanQueue::kBatchSpans * 4, metrics_);
  std::atomic<int> running = kThreads;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) Record(queue, StrCat(n));
      --running;
    });
  }
  size_t taken = 0;
  for (bool last = false; !last;) {
    last = running == 0;
    while (auto batch = queue.Take(last)) {
      taken += batch->size();
      queue.GiveBack(std::move(batch));
    }
  }
  for (std::thread& thread : threads) thread.join();
  while (auto batch = queue.Take(true)) taken += batch->size();
  EXPECT_EQ(static_cast<double>(taken) + Dropped(), kThreads * kEach);
}

TEST(StoredSpanTest, KeepsEveryText) {
  Span span;
  span.name = "n";
  span.source = "s";
  span.group = "g";
  span.event_id = "i";
  span.key = "k";
  span.topic = "t";
  span.error = "e";
  span.sampled = false;
  const StoredSpan stored(span);
  const Span kept = stored.span();
  EXPECT_THAT((std::vector<std::string_view>{kept.name, kept.source, kept.group,
                                             kept.event_id, kept.key,
                                             kept.topic, kept.error}),
              ElementsAre("n", "s", "g", "i", "k", "t", "e"));
  EXPECT_FALSE(kept.sampled);
}

}  // namespace
}  // namespace millrace::otlp
