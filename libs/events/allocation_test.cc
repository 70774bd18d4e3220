// In the steady state an emitter allocates nothing.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "events/event_emitter.h"
#include "tests/support/allocation_counter.h"

namespace millrace {
namespace {

struct Numbers {
  struct Next {
    using Payload = int64_t;
    static constexpr size_t kIndex = 0;
    static constexpr std::string_view kName = "next";
  };
  static constexpr size_t kEventCount = 1;
};

TEST(EmitterAllocations, NoneForEmit) {
  if (!test::kPoolsWork) {
    GTEST_SKIP() << "under AddressSanitizer the pools keep nothing";
  }
  EventLoop loop;
  EventEmitter<Numbers> emitter(loop);
  int64_t sum = 0;
  int64_t before = test::Allocations();
  for (int i = 0; i < 10; ++i) {
    emitter.On<Numbers::Next>([&sum](const int64_t& n) { sum += n; });
  }
  EXPECT_GT(test::Allocations(), before);

  before = test::Allocations();
  for (int64_t n = 0; n < 1000; ++n) emitter.Emit<Numbers::Next>(n);
  EXPECT_EQ(test::Allocations(), before);
  EXPECT_EQ(sum, 10 * 999 * 1000 / 2);
}

TEST(EmitterAllocations, NoneForListenersOfTheNextTick) {
  if (!test::kPoolsWork) {
    GTEST_SKIP() << "under AddressSanitizer the pools keep nothing";
  }
  EventLoop loop;
  EventEmitter<Numbers> emitter(loop);
  int64_t sum = 0;
  emitter.On<Numbers::Next>([&sum](const int64_t& n) { sum += n; },
                            {.dispatch = Dispatch::kNextTick});
  const auto emit = [&] {
    for (int64_t n = 0; n < 100; ++n) emitter.Emit<Numbers::Next>(n);
  };
  loop.Dispatch(emit);
  const int64_t before = test::Allocations();
  loop.Dispatch(emit);
  EXPECT_EQ(test::Allocations(), before);
  EXPECT_EQ(sum, 2 * 99 * 50);
}

// Follows all that there is.
class Follower final : public EmitterObserver {
 public:
  std::unique_ptr<ListenerProbe> Watch(const ListenerInfo&) override {
    return std::make_unique<Probe>();
  }
  ActivityRef OnEmit(std::string_view, std::string_view event) override {
    return Activity::Make({.kind = "emit", .event = event});
  }

 private:
  struct Probe final : ListenerProbe {
    ActivityRef OnCall() override {
      return Activity::Make({.kind = "listener", .cause = Activity::Current()});
    }
    void OnListenerDone(absl::Duration) override {}
    void OnOverBudget(absl::Duration) override {}
  };
};

TEST(EmitterAllocations, NoneForEmitsThatAreFollowed) {
  if (!test::kPoolsWork) {
    GTEST_SKIP() << "under AddressSanitizer the pools keep nothing";
  }
  EventLoop loop;
  Follower follower;
  EventEmitter<Numbers> emitter(loop,
                                {.name = "numbers", .observer = &follower});
  int64_t sum = 0;
  emitter.On<Numbers::Next>([&sum](const int64_t& n) { sum += n; });
  emitter.Emit<Numbers::Next>(1);
  const int64_t before = test::Allocations();
  for (int64_t n = 0; n < 1000; ++n) emitter.Emit<Numbers::Next>(n);
  EXPECT_EQ(test::Allocations(), before);
  EXPECT_EQ(sum, 1 + 999 * 1000 / 2);
}

}  // namespace
}  // namespace millrace
