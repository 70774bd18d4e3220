#include "loop/worker_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <latch>
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

TEST_F(WorkerPoolTest, TheLoopsOwnIsAsItIsTold) {
  loop_.SetWorkers(1, 1);
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  std::promise<void> begun;
  const auto first = AsStatusOr(loop_.workers().Run([&, gone] {
    begun.set_value();
    gone.wait();
    return 1;
  }));
  begun.get_future().wait();
  const auto second = AsStatusOr(loop_.workers().Run([] { return 2; }));
  const auto third = AsStatusOr(loop_.workers().Run([] { return 3; }));
  go.set_value();
  loop_.Run();
  EXPECT_TRUE(first.value().ok());
  EXPECT_TRUE(second.value().ok());
  EXPECT_EQ(third.value().status().code(),
            absl::StatusCode::kResourceExhausted);
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

// Occupies the only thread of `pool` until it is told to go on.
class Plug {
 public:
  explicit Plug(WorkerPool& pool)
      : done_(pool.Run([this] {
          taken_.count_down();
          release_.wait();
        })) {
    taken_.wait();
  }
  void Release() { release_.count_down(); }

 private:
  std::latch taken_{1};
  std::latch release_{1};
  Promise<void> done_;
};

TEST_F(WorkerPoolTest, AWaitingJobCanBeTakenBackAndARunningOneNot) {
  WorkerPool pool({.threads = 1});
  AbortController running;
  std::latch taken(1);
  std::latch release(1);
  auto first = pool.Run(
      [&] {
        taken.count_down();
        release.wait();
        return 1;
      },
      running.signal());
  taken.wait();
  AbortController waiting;
  std::atomic<bool> ran = false;
  auto held = std::make_shared<int>(0);
  auto middle =
      AsStatusOr(pool.Run([&ran, held] { ran = true; }, waiting.signal()));
  auto last = pool.Run([] { return 3; }, AbortSignal::Any({waiting.signal()}));
  auto other = pool.Run([] { return 4; });
  EXPECT_EQ(pool.queued(), 3u);
  EXPECT_EQ(pool.running(), 1u);
  running.Abort();
  waiting.Abort(absl::CancelledError("not wanted"));
  EXPECT_EQ(pool.queued(), 1u);
  EXPECT_EQ(held.use_count(), 1);
  auto late = AsStatusOr(pool.Run([] { return 5; }, waiting.signal()));
  auto refused = AsStatusOr(std::move(last));
  release.count_down();
  loop_.Run();
  EXPECT_EQ(first.value(), 1);
  EXPECT_EQ(middle.value(), absl::CancelledError("not wanted"));
  EXPECT_EQ(refused.value().status(), absl::CancelledError("not wanted"));
  EXPECT_EQ(late.value().status(), absl::CancelledError("not wanted"));
  EXPECT_EQ(other.value(), 4);
  EXPECT_FALSE(ran);
}

TEST_F(WorkerPoolTest, ASignalMayAbortAfterThePoolIsGone) {
  AbortController controller;
  auto pool = std::make_unique<WorkerPool>(WorkerPool::Options{.threads = 1});
  auto done = pool->Run([] { return 1; }, controller.signal());
  pool.reset();
  controller.Abort();
  loop_.Run();
  EXPECT_EQ(done.value(), 1);
}

TEST_F(WorkerPoolTest, AFullQueueRefusesAndTakesAgainLater) {
  WorkerPool pool({.threads = 1, .name = "small", .max_queued = 2});
  Plug plug(pool);
  std::vector<Promise<absl::Status>> outcomes;
  for (int i = 0; i < 4; ++i) {
    outcomes.push_back(AsStatusOr(pool.Run([] {})));
  }
  EXPECT_EQ(pool.queued(), 2u);
  plug.Release();
  loop_.Run();
  EXPECT_TRUE(outcomes[0].value().ok());
  EXPECT_TRUE(outcomes[1].value().ok());
  for (const int i : {2, 3}) {
    EXPECT_EQ(outcomes[i].value().code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(MessageOf(outcomes[i].value())),
                testing::HasSubstr("'small'"));
  }
  auto again = pool.Run([] { return 1; });
  loop_.Run();
  EXPECT_EQ(again.value(), 1);
}

TEST_F(WorkerPoolTest, MeasuresHowLongJobsWaitAndRun) {
  WorkerPool pool({.threads = 1});
  EXPECT_EQ(pool.wait_times().count(), 0u);
  constexpr auto kPause = std::chrono::milliseconds(20);
  std::vector<Promise<void>> all;
  for (int i = 0; i < 3; ++i) {
    all.push_back(pool.Run([&] { std::this_thread::sleep_for(kPause); }));
  }
  loop_.Run();
  const auto pause = std::chrono::nanoseconds(kPause).count();
  EXPECT_EQ(pool.run_times().count(), 3u);
  EXPECT_EQ(pool.wait_times().count(), 3u);
  EXPECT_GE(pool.run_times().Quantile(0), pause);
  // The last one waited for two.
  EXPECT_GE(pool.wait_times().max(), 2 * pause);
  EXPECT_EQ(pool.running(), 0u);
}

}  // namespace
}  // namespace millrace
