#include "rpc/engine.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "loop/worker_pool.h"
#include "rpc/test_support.h"

namespace millrace::rpc {
namespace {

class EngineTest : public RpcTest {
 protected:
  EngineTest() { engine_.emplace(loop_, Engine::Sleep::kAlways); }
};

TEST_F(RpcTest, WithoutUseTheLoopSleepsInLibuv) {
  ASSERT_EQ(Await(Delay(absl::Milliseconds(5))), absl::OkStatus());
  EXPECT_EQ(engine_->stats().polls, 0u);
  StartServer({});
  Connect();
  ASSERT_TRUE(Await(Say(Request(""))).ok());
  EXPECT_GT(engine_->stats().polls, 0u);
  channel_.reset();
  server_.reset();
  RunUntil([] { return true; });
  const uint64_t polls = engine_->stats().polls;
  ASSERT_EQ(Await(Delay(absl::Milliseconds(5))), absl::OkStatus());
  EXPECT_EQ(engine_->stats().polls, polls);
}

TEST_F(EngineTest, PostsOfOtherThreadsWakeTheLoop) {
  constexpr int kThreads = 4, kPosts = 2000;
  int arrived = 0;
  loop_.AddRef();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kPosts; ++j) {
        loop_.Post([&] {
          if (++arrived == kThreads * kPosts) loop_.ReleaseRef();
        });
      }
    });
  }
  loop_.Run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(arrived, kThreads * kPosts);
}

TEST_F(EngineTest, EachPostWakesASleepingLoop) {
  constexpr int kPosts = 500;
  std::atomic<int> arrived = 0;
  loop_.AddRef();
  std::thread thread([&] {
    for (int j = 0; j < kPosts; ++j) {
      loop_.Post([&] {
        ++arrived;
        arrived.notify_one();
      });
      arrived.wait(j);
    }
    loop_.Post([&] { loop_.ReleaseRef(); });
  });
  loop_.Run();
  thread.join();
  EXPECT_EQ(arrived.load(), kPosts);
}

TEST_F(EngineTest, WorkOfThePoolComesBack) {
  Promise<int> promise = loop_.workers().Run([] { return 42; });
  absl::StatusOr<int> result = Await(std::move(promise));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(*result, 42);
}

// What an idle loop may do in all: go to sleep, and once more when a sleep
// ends a little before its timer is due.
constexpr uint64_t kIdleTurns = 3;

void ExpectIdle(const EngineStats& before, const EngineStats& after) {
  EXPECT_EQ(after.completions, before.completions);
  EXPECT_LE(after.polls - before.polls, kIdleTurns);
  EXPECT_LE(after.sleeps - before.sleeps, kIdleTurns);
  EXPECT_LE(after.wakes - before.wakes, 1u);
}

TEST_F(EngineTest, AnIdleLoopSleepsUntilItsTimer) {
  StartServer();
  Connect();
  ASSERT_TRUE(Await(Say(Request(""))).ok());
  // Let what the call left behind come to rest.
  ASSERT_EQ(Await(Delay(absl::Milliseconds(100))), absl::OkStatus());
  const EngineStats before = engine_->stats();
  ASSERT_EQ(Await(Delay(absl::Milliseconds(500))), absl::OkStatus());
  ExpectIdle(before, engine_->stats());
}

TEST_F(EngineTest, AnIdleLoopSleepsUntilItIsWoken) {
  StartServer();
  const EngineStats before = engine_->stats();
  std::thread thread([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    loop_.Post([&] { loop_.Stop(); });
  });
  loop_.Run();
  thread.join();
  ExpectIdle(before, engine_->stats());
}

TEST_F(EngineTest, NothingAliveEndsTheLoop) {
  loop_.Run();
  bool ran = false;
  loop_.SetTimeout(absl::Milliseconds(1), [&] { ran = true; });
  loop_.Run();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace millrace::rpc
