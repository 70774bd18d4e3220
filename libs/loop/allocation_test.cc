// In the steady state the loop allocates nothing.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <new>

#include "loop/event_loop.h"
#include "loop/promise.h"
#include "tests/support/allocation_counter.h"

namespace millrace {
namespace {

constexpr int kTimes = 200;

class Allocations : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::kPoolsWork) {
      GTEST_SKIP() << "under AddressSanitizer the pools keep nothing";
    }
  }

  // What `work` allocates when the pools are full: it runs as a callback and
  // until nothing is left to do.
  template <typename F>
  int64_t Of(F work) {
    const auto run = [&] {
      for (int i = 0; i < kTimes; ++i) {
        loop_.Dispatch(work);
        loop_.Run();
      }
    };
    run();
    const int64_t before = test::Allocations();
    run();
    return test::Allocations() - before;
  }

  EventLoop loop_;
  int64_t ran_ = 0;
};

// What is measured below is measured.
TEST_F(Allocations, AreCounted) {
  EXPECT_EQ(Of([] { ::operator delete(::operator new(64)); }), kTimes);
}

TEST_F(Allocations, NoneForTicks) {
  EXPECT_EQ(Of([this] { loop_.NextTick([this] { ++ran_; }); }), 0);
  EXPECT_EQ(ran_, 2 * kTimes);
}

TEST_F(Allocations, NoneForMicrotasks) {
  EXPECT_EQ(Of([this] { loop_.QueueMicrotask([this] { ++ran_; }); }), 0);
  EXPECT_EQ(ran_, 2 * kTimes);
}

TEST_F(Allocations, NoneForImmediates) {
  EXPECT_EQ(Of([this] {
              loop_.SetImmediate([this] { ++ran_; });
              loop_.SetImmediate([this] { ++ran_; }).Clear();
            }),
            0);
  EXPECT_EQ(ran_, 2 * kTimes);
}

TEST_F(Allocations, NoneForPostedTasks) {
  EXPECT_EQ(Of([this] { loop_.Post([this] { ++ran_; }); }), 0);
  EXPECT_EQ(ran_, 2 * kTimes);
}

// Too large for a Task itself: in a block of the pool.
TEST_F(Allocations, NoneForLargeFunctions) {
  const std::array<int64_t, 8> numbers = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(Of([this, numbers] {
              loop_.NextTick([this, numbers] { ran_ += numbers[7]; });
            }),
            0);
  EXPECT_EQ(ran_, 2 * 8 * kTimes);
}

TEST_F(Allocations, NoneForTimersThatFire) {
  EXPECT_EQ(Of([this] {
              loop_.SetTimeout(absl::Milliseconds(1), [this] { ++ran_; });
            }),
            0);
  EXPECT_EQ(ran_, 2 * kTimes);
}

TEST_F(Allocations, NoneForTimersThatAreCleared) {
  std::array<Timer, 50> timers;
  EXPECT_EQ(Of([&] {
              int64_t ms = 1000;
              for (Timer& timer : timers) {
                timer = loop_.SetTimeout(absl::Milliseconds(ms++),
                                         [this] { ++ran_; });
              }
              for (Timer& timer : timers) timer.Refresh();
              for (Timer& timer : timers) timer.Clear();
            }),
            0);
  EXPECT_EQ(ran_, 0);
}

TEST_F(Allocations, NoneForThen) {
  EXPECT_EQ(Of([this] {
              const auto end = Promise<int64_t>::Resolve(1)
                                   .Then([](int64_t n) { return n + 1; })
                                   .Then([this](int64_t n) { ran_ += n; })
                                   .Finally([this] { ++ran_; });
            }),
            0);
  EXPECT_EQ(ran_, 2 * 3 * kTimes);
}

Promise<int64_t> Return(int64_t value) { co_return value; }

Promise<void> AwaitAll(const Promise<int64_t>& pending, int64_t* sum) {
  *sum += co_await Promise<int64_t>::Resolve(1);
  *sum += co_await Return(2);
  *sum += co_await pending;
}

TEST_F(Allocations, NoneForAwait) {
#ifndef NDEBUG
  GTEST_SKIP() << "a debug build keeps a list of coroutines";
#endif
  EXPECT_EQ(Of([this] {
              const Deferred<int64_t> later;
              loop_.SetImmediate([later] { later.Resolve(3); });
              auto sum = [](EventLoop&, Promise<int64_t> pending,
                            int64_t* total) -> Promise<void> {
                co_await AwaitAll(pending, total);
              };
              const auto end = sum(loop_, later.promise(), &ran_);
            }),
            0);
  EXPECT_EQ(ran_, 2 * 6 * kTimes);
}

}  // namespace
}  // namespace millrace
