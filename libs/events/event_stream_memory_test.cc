// A slow reader of an emitter's events bounds memory: 1 GiB of payloads goes
// through each stream, and what the process holds does not grow with it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "events/test_support.h"
#include "loop/testing/resident_bytes.h"

namespace millrace::events_test {
namespace {

constexpr size_t kPayload = 256 * 1024;
constexpr size_t kEvents = (size_t{1} << 30) / kPayload;
constexpr size_t kHeld = 8;  // events, so 2 MiB
// All of them would take 16 times as much.
constexpr int64_t kAllowed = 64 << 20;

class EventStreamMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
#ifdef MILLRACE_SANITIZED
    GTEST_SKIP() << "a sanitizer keeps what was freed";
#endif
  }

  // Emits four in each turn, and none while `paused_`.
  void Arm() {
    loop_.SetImmediate([this] {
      for (int i = 0; i < 4 && sent_ < kEvents; ++i, ++sent_) {
        emitter_.Emit<Bar>(std::string(kPayload, 'x'));
      }
      if (sent_ >= kEvents) {
        emitter_.Emit<Baz>(0);
      } else if (!paused_) {
        Arm();
      }
    });
  }

  // Takes one event in each turn.
  Promise<void> ReadSlowly(Stream<std::string> stream) {
    const int64_t before = ResidentBytes();
    while (std::optional<std::string> payload = co_await stream.Next()) {
      if (++read_ % 16 == 0) {
        most_ = std::max(most_, ResidentBytes() - before);
      }
      co_await Turn();
    }
  }

  Promise<void> Turn() {
    const Deferred<void> turn;
    loop_.SetImmediate([turn] { turn.Resolve(); });
    return turn.promise();
  }

  void Run(EventStreamOptions options) {
    const Promise<void> reading =
        ReadSlowly(emitter_.Events<Bar, Baz>(std::move(options)));
    Arm();
    loop_.Run();
    ASSERT_TRUE(reading.settled() && !reading.rejected());
    EXPECT_EQ(sent_, kEvents);
    EXPECT_LT(most_, kAllowed);
  }

  EventLoop loop_;
  Emitter emitter_{loop_};
  bool paused_ = false;
  size_t sent_ = 0;
  size_t read_ = 0;
  int64_t most_ = 0;
};

TEST_F(EventStreamMemoryTest, WhatCanBeHeldBackIs) {
  EventStreamOptions options;
  options.pause = [this] { paused_ = true; };
  options.resume = [this] {
    paused_ = false;
    Arm();
  };
  options.high_water = kHeld;
  Run(std::move(options));
  EXPECT_EQ(read_, kEvents);
}

TEST_F(EventStreamMemoryTest, WhatCannotIsLostAndCounted) {
  uint64_t lost = 0;
  EventStreamOptions options;
  options.limit = kHeld;
  options.overflow = Overflow::kDropOldest;
  options.on_lost = [&](uint64_t so_far) { lost = so_far; };
  Run(std::move(options));
  EXPECT_GT(lost, kEvents / 2);
  EXPECT_EQ(read_ + lost, kEvents);
}

}  // namespace
}  // namespace millrace::events_test
