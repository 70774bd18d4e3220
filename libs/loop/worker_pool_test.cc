#include "loop/worker_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"

namespace millrace {
namespace {

using testing::ElementsAre;

class WorkerPoolTest : public testing::Test {
 protected:
  EventLoop loop_;
  std::vector<std::string> trace_;
};

TEST_F(WorkerPoolTest, RunsElsewhereAndSettlesOnTheLoop) {
  const auto home = std::this_thread::get_id();
  auto result = loop_.workers().Run([home] {
    return std::make_unique<bool>(std::this_thread::get_id() != home);
  });
  auto failed = AsStatusOr(
      loop_.workers().Run([]() -> int { Throw(absl::NotFoundError("x")); }));
  auto nothing = loop_.workers().Run([] {});
  loop_.Run();
  EXPECT_TRUE(*result.value());
  EXPECT_EQ(failed.value().status(), absl::NotFoundError("x"));
  EXPECT_TRUE(nothing.settled());
}

TEST_F(WorkerPoolTest, OneThreadRunsJobsInOrderEachWithItsDrain) {
  class Job final : public WorkerPool::Job {
   public:
    Job(EventLoop& loop, std::vector<std::string>& trace, int number)
        : loop_(loop), trace_(trace), number_(number) {}
    void Execute() override {}
    void Complete() override {
      trace_.push_back(StrCat("done ", number_));
      loop_.NextTick([this, &trace = trace_, n = number_] {
        trace.push_back(StrCat("tick ", n));
      });
    }

   private:
    EventLoop& loop_;
    std::vector<std::string>& trace_;
    const int number_;
  };
  WorkerPool pool({.threads = 1});
  for (const int i : {1, 2}) {
    pool.Submit(std::make_unique<Job>(loop_, trace_, i));
  }
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("done 1", "tick 1", "done 2", "tick 2"));
}

TEST_F(WorkerPoolTest, ManyJobsOfTwoLoopsComeBackToTheirOwn) {
  WorkerPool pool({.threads = 3});
  constexpr int kJobs = 2000;
  const auto use = [&pool](EventLoop& loop) {
    int done = 0;
    std::vector<Promise<void>> all;
    for (int i = 0; i < kJobs; ++i) {
      all.push_back(pool.Run([] {}).Then([&done, &loop] {
        loop.AssertThread();
        ++done;
      }));
    }
    loop.Run();
    return done;
  };
  int other = 0;
  std::thread thread([&] {
    EventLoop loop;
    other = use(loop);
  });
  EXPECT_EQ(use(loop_), kJobs);
  thread.join();
  EXPECT_EQ(other, kJobs);
}

TEST_F(WorkerPoolTest, TheDestructorWaitsForWhatIsQueued) {
  std::atomic<int> ran = 0;
  auto pool = std::make_unique<WorkerPool>(WorkerPool::Options{.threads = 1});
  std::vector<Promise<void>> all;
  for (int i = 0; i < 10; ++i) all.push_back(pool->Run([&ran] { ++ran; }));
  pool.reset();
  EXPECT_EQ(ran, 10);
  loop_.Run();
  for (const auto& one : all) EXPECT_TRUE(one.settled());
}

TEST_F(WorkerPoolTest, ALoopMayEndBeforeItsJobs) {
  WorkerPool pool({.threads = 1});
  std::atomic<bool> go = false;
  std::atomic<bool> ran = false;
  std::thread([&] {
    EventLoop loop;
    static_cast<void>(pool.Run([&] {
      while (!go) std::this_thread::yield();
      ran = true;
    }));
    loop.SetImmediate([&loop] { loop.Stop(); });
    loop.Run();
  }).join();
  go = true;
  auto after = pool.Run([] {});
  loop_.Run();
  EXPECT_TRUE(after.settled());
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace millrace
