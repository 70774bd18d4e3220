#include "loop/loop_group.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "loop/combinators.h"
#include "loop/worker_pool.h"

namespace millrace {
namespace {

using Part = absl::StatusOr<std::shared_ptr<void>>;

TEST(LoopGroupTest, EachLoopHasItsThreadItsQueuesAndItsName) {
  EventLoop first;
  LoopGroup group(first, {.loops = 3, .name = "group"});
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::set<EventLoop*> loops;
  std::set<WorkerPool*> pools;
  std::vector<std::string> names(3);
  ASSERT_TRUE(group
                  .Start([&](EventLoop& loop, int index) -> Part {
                    loop.AssertThread();
                    std::array<char, 16> name;
                    pthread_getname_np(pthread_self(), name.data(),
                                       name.size());
                    const std::lock_guard lock(mutex);
                    threads.insert(std::this_thread::get_id());
                    loops.insert(&loop);
                    pools.insert(&loop.workers());
                    names[index] = name.data();
                    return nullptr;
                  })
                  .ok());
  EXPECT_EQ(group.size(), 3);
  EXPECT_EQ(threads.size(), 3u);
  EXPECT_EQ(loops.size(), 3u);
  EXPECT_EQ(pools.size(), 3u);
  EXPECT_EQ(loops.count(&first), 1u);
  EXPECT_TRUE(group.loop(0).current());
  EXPECT_EQ(names[1], "group-1");
  EXPECT_EQ(names[2], "group-2");
}

TEST(LoopGroupTest, LoopsRunUntilTheyAreStopped) {
  EventLoop first;
  LoopGroup group(first, {.loops = 4});
  ASSERT_TRUE(
      group.Start([](EventLoop&, int) -> Part { return nullptr; }).ok());
  int sum = 0;
  int answers = 0;
  for (int i = 0; i < group.size(); ++i) {
    (void)CallOn(group.loop(i), [i] { return i; }).Then([&](int value) {
      sum += value;
      if (++answers == group.size()) first.Stop();
    });
  }
  first.AddRef();
  first.Run();
  EXPECT_EQ(sum, 6);
  group.Stop();
  group.Join();
  EXPECT_FALSE(group.loop(1).Post([] {}));
  group.Join();
}

TEST(LoopGroupTest, ErrorOfAStartReachesTheCallerAndNothingIsLeft) {
  EventLoop first;
  LoopGroup group(first, {.loops = 4});
  std::atomic<int> alive = 0;
  std::atomic<bool> ran = false;
  const absl::Status status =
      group.Start([&](EventLoop& loop, int index) -> Part {
        if (index == 3) return absl::DataLossError("the fourth");
        if (index == 2) throw StatusError(absl::AbortedError("the third"));
        loop.SetImmediate([&ran] { ran = true; });
        ++alive;
        return std::shared_ptr<void>(nullptr, [&alive](void*) { --alive; });
      });
  EXPECT_EQ(status, absl::AbortedError("the third"));
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(ran);
  EXPECT_FALSE(group.loop(1).Post([] {}));
}

TEST(LoopGroupTest, FirstThatFailsStartsNoOther) {
  EventLoop first;
  LoopGroup group(first, {.loops = 2});
  std::atomic<int> starts = 0;
  EXPECT_EQ(group.Start([&](EventLoop&, int) -> Part {
    ++starts;
    return absl::NotFoundError("nothing here");
  }),
            absl::NotFoundError("nothing here"));
  EXPECT_EQ(starts, 1);
}

// A part that tells another loop of its end, which must still be there.
class Farewell {
 public:
  Farewell(EventLoop& loop, std::function<bool()> tell)
      : loop_(loop), tell_(std::move(tell)) {}
  ~Farewell() {
    loop_.AssertThread();
    EXPECT_TRUE(tell_());
  }

 private:
  EventLoop& loop_;
  const std::function<bool()> tell_;
};

TEST(LoopGroupTest, PartsEndOnTheirThreadsBeforeAnyLoopIsGone) {
  EventLoop first;
  LoopGroup group(first, {.loops = 3});
  ASSERT_TRUE(group
                  .Start([&](EventLoop& loop, int index) -> Part {
                    return std::make_shared<Farewell>(loop, [&group, index] {
                      return group.loop((index + 1) % 3).Post([] {});
                    });
                  })
                  .ok());
}

}  // namespace
}  // namespace millrace
