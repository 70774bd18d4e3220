#include "loop/ring_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>

namespace millrace::loop_internal {
namespace {

using Item = std::shared_ptr<int>;

TEST(RingQueueTest, IsFirstInFirstOutAcrossChunks) {
  RingQueue<Item> queue;
  std::deque<int> expected;
  std::mt19937 random(20);
  int next = 0;
  for (int round = 0; round < 60; ++round) {
    for (int i = random() % 5000; i > 0; --i) {
      queue.Push(std::make_shared<int>(next));
      expected.push_back(next++);
    }
    for (int i = random() % 5000; i > 0 && !expected.empty(); --i) {
      ASSERT_FALSE(queue.empty());
      ASSERT_EQ(*queue.Pop(), expected.front());
      expected.pop_front();
    }
    queue.Trim();
  }
  while (!expected.empty()) {
    ASSERT_EQ(*queue.Pop(), expected.front());
    expected.pop_front();
  }
  EXPECT_TRUE(queue.empty());
}

TEST(RingQueueTest, TakesMoreThanItKeepsAndGoesOn) {
  RingQueue<int> queue;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1'000'000; ++i) queue.Push(int{i});
    for (int i = 0; i < 1'000'000; ++i) ASSERT_EQ(queue.Pop(), i);
    EXPECT_TRUE(queue.empty());
    queue.Trim();
  }
}

TEST(RingQueueTest, TheFirstStaysInItsPlaceWhileItPushes) {
  RingQueue<Item> queue;
  queue.Push(std::make_shared<int>(0));
  int next = 1;
  // Through several chunks, with 0 to 4 elements behind the one that is held.
  for (int taken = 0; taken < 20'000; ++taken) {
    const bool last = next == taken + 1;
    std::weak_ptr<int> seen;
    {
      const RingQueue<Item>::First first(queue);
      EXPECT_EQ(queue.empty(), last);
      const int pushes = last ? 1 + taken % 5 : 0;
      for (int i = 0; i < pushes; ++i) {
        queue.Push(std::make_shared<int>(next++));
      }
      ASSERT_EQ(**first, taken);
      seen = *first;
    }
    ASSERT_TRUE(seen.expired());
  }
}

TEST(RingQueueTest, DropsWhatWaits) {
  const Item item = std::make_shared<int>(1);
  {
    RingQueue<Item> queue;
    for (int i = 0; i < 3000; ++i) queue.Push(Item(item));
    EXPECT_EQ(item.use_count(), 3001);
    queue.Clear();
    EXPECT_EQ(item.use_count(), 1);
    for (int i = 0; i < 3000; ++i) queue.Push(Item(item));
  }
  EXPECT_EQ(item.use_count(), 1);
}

}  // namespace
}  // namespace millrace::loop_internal
