#include "loop/event_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "base/strings.h"

namespace millrace {
namespace {

using testing::ElementsAre;

class EventLoopTest : public testing::Test {
 protected:
  Task Log(std::string text) {
    return [this, text] { trace_.push_back(text); };
  }
  Task Fail(std::string text) {
    return [text] { Throw(absl::UnknownError(text)); };
  }
  void LogUncaught() {
    loop_.OnUncaught([this](std::exception_ptr error) {
      trace_.push_back(StrCat("uncaught ", MessageOf(StatusFrom(error))));
    });
  }
  void Spin(int ms) {
    const int64_t end = absl::GetCurrentTimeNanos() + ms * int64_t{1000000};
    while (absl::GetCurrentTimeNanos() < end) {
    }
  }

  EventLoop loop_;
  std::vector<std::string> trace_;
};

TEST_F(EventLoopTest, EndsAtOnceWithNothingToDo) {
  loop_.Run();
  EXPECT_EQ(loop_.turns(), 0u);
}

TEST_F(EventLoopTest, MainThenTicksThenMicrotasksThenTheLoop) {
  loop_.SetImmediate(Log("immediate"));
  loop_.QueueMicrotask([this] {
    trace_.push_back("microtask");
    loop_.NextTick(Log("tick of microtask"));
    loop_.QueueMicrotask(Log("microtask of microtask"));
  });
  loop_.NextTick([this] {
    trace_.push_back("tick");
    loop_.QueueMicrotask(Log("microtask of tick"));
    loop_.NextTick(Log("tick of tick"));
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("tick", "tick of tick", "microtask",
                                  "microtask of tick", "microtask of microtask",
                                  "tick of microtask", "immediate"));
}

TEST_F(EventLoopTest, WithoutATickMicrotasksComeFirst) {
  loop_.SetImmediate([this] {
    loop_.QueueMicrotask([this] {
      trace_.push_back("microtask");
      loop_.NextTick(Log("tick"));
    });
    loop_.QueueMicrotask(Log("second"));
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("microtask", "second", "tick"));
}

TEST_F(EventLoopTest, TheQueuesAreDrainedBetweenTimersAndBetweenImmediates) {
  for (const char* name : {"a", "b"}) {
    loop_.SetTimeout(absl::Milliseconds(1), [this, name] {
      trace_.push_back(StrCat("timer ", name));
      loop_.NextTick(Log(StrCat("tick ", name)));
    });
  }
  loop_.SetTimeout(absl::Milliseconds(5), [this] {
    for (const char* name : {"a", "b"}) {
      loop_.SetImmediate([this, name] {
        trace_.push_back(StrCat("immediate ", name));
        loop_.QueueMicrotask(Log(StrCat("microtask ", name)));
      });
    }
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("timer a", "tick a", "timer b", "tick b",
                                  "immediate a", "microtask a", "immediate b",
                                  "microtask b"));
}

TEST_F(EventLoopTest, AnImmediateOfAnImmediateRunsInTheNextTurn) {
  loop_.SetImmediate([this] {
    loop_.SetImmediate(
        [this] { trace_.push_back(StrCat("nested ", loop_.turns())); });
    trace_.push_back(StrCat("first ", loop_.turns()));
  });
  loop_.SetImmediate(
      [this] { trace_.push_back(StrCat("second ", loop_.turns())); });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("first 1", "second 1", "nested 2"));
}

TEST_F(EventLoopTest, AnImmediateOfTheRunningBatchCanBeCleared) {
  Immediate last;
  loop_.SetImmediate([&] {
    EXPECT_TRUE(last.active());
    loop_.Clear(last);
    EXPECT_FALSE(last.active());
  });
  last = loop_.SetImmediate(Log("never"));
  loop_.SetImmediate(Log("still"));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("still"));
}

TEST_F(EventLoopTest, FromATimerTheImmediateIsBeforeTheNextTimer) {
  loop_.SetTimeout(absl::Milliseconds(1), [this] {
    loop_.SetTimeout(absl::ZeroDuration(), Log("timer"));
    loop_.SetImmediate(Log("immediate"));
    Spin(5);
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("immediate", "timer"));
}

TEST_F(EventLoopTest, CloseCallbacksRunAfterCheckLastInFirstOut) {
  loop_.SetImmediate([this] {
    loop_.QueueClose(Log("close 1"));
    loop_.QueueClose([this] {
      trace_.push_back("close 2");
      loop_.NextTick(Log("tick"));
      loop_.SetImmediate(Log("later"));
    });
    trace_.push_back("immediate");
  });
  loop_.SetImmediate(Log("second"));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("immediate", "second", "close 2", "tick",
                                  "close 1", "later"));
}

TEST_F(EventLoopTest, UnrefdThingsDoNotKeepTheLoop) {
  Immediate immediate = loop_.SetImmediate(Log("immediate"));
  immediate.Unref();
  Timer timer = loop_.SetInterval(absl::Milliseconds(1), Log("timer"));
  timer.Unref();
  EXPECT_FALSE(loop_.alive());
  loop_.Run();
  EXPECT_TRUE(trace_.empty());
  loop_.AddRef();
  EXPECT_TRUE(loop_.alive());
  loop_.ReleaseRef();
}

TEST_F(EventLoopTest, PostedTasksRunInOrderEachWithItsDrain) {
  loop_.AddRef();
  std::thread other([this] {
    for (const char* name : {"a", "b"}) {
      loop_.Post([this, name] {
        trace_.push_back(StrCat("task ", name));
        loop_.NextTick(Log(StrCat("tick ", name)));
      });
    }
    loop_.Post([this] { loop_.ReleaseRef(); });
  });
  loop_.Run();
  other.join();
  EXPECT_THAT(trace_, ElementsAre("task a", "tick a", "task b", "tick b"));
}

TEST_F(EventLoopTest, EveryPostFromManyThreadsArrives) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 5000;
  int count = 0;
  loop_.AddRef();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kPosts; ++i) {
        loop_.Post([&] {
          if (++count == kThreads * kPosts) loop_.ReleaseRef();
        });
      }
    });
  }
  loop_.Run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kPosts);
}

TEST_F(EventLoopTest, StopEndsAfterThePresentTurnAndRunGoesOn) {
  loop_.SetImmediate([this] {
    trace_.push_back("first");
    loop_.SetImmediate(Log("next run"));
    loop_.Stop();
  });
  loop_.SetImmediate(Log("same turn"));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("first", "same turn"));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("first", "same turn", "next run"));
}

TEST_F(EventLoopTest, BeforeExitMayReviveTheLoop) {
  int exits = 0;
  loop_.OnBeforeExit([&] {
    trace_.push_back("before exit");
    if (++exits == 1) loop_.SetImmediate(Log("revived"));
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("before exit", "revived", "before exit"));
}

TEST_F(EventLoopTest, AnErrorInATimerResumesThePassWithoutADrain) {
  LogUncaught();
  // In one turn, so that they fall due together.
  loop_.SetImmediate([this] {
    loop_.SetTimeout(absl::Milliseconds(1), [this] {
      loop_.NextTick(Log("tick"));
      Throw(absl::UnknownError("x"));
    });
    loop_.SetTimeout(absl::Milliseconds(1), Log("second"));
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("uncaught x", "second", "tick"));
}

TEST_F(EventLoopTest, AnErrorInAnImmediateResumesTheBatchWithoutADrain) {
  LogUncaught();
  loop_.SetImmediate([this] {
    loop_.NextTick(Log("tick"));
    loop_.SetImmediate(Log("new"));
    Throw(absl::UnknownError("x"));
  });
  loop_.SetImmediate(
      [this] { trace_.push_back(StrCat("second ", loop_.turns())); });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("uncaught x", "second 1", "tick", "new"));
}

TEST_F(EventLoopTest, AnErrorInTheLastImmediateLetsNewOnesRunInTheSamePhase) {
  LogUncaught();
  loop_.SetImmediate([this] {
    loop_.SetImmediate(
        [this] { trace_.push_back(StrCat("new ", loop_.turns())); });
    Throw(absl::UnknownError("x"));
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("uncaught x", "new 1"));
}

TEST_F(EventLoopTest, AnErrorInATickLeavesTheRestForTheNextDrain) {
  LogUncaught();
  loop_.SetImmediate([this] {
    loop_.NextTick(Fail("x"));
    loop_.NextTick(Log("tick"));
    loop_.QueueMicrotask(Log("microtask"));
  });
  loop_.SetImmediate(Log("immediate"));
  loop_.Run();
  EXPECT_THAT(trace_,
              ElementsAre("uncaught x", "immediate", "tick", "microtask"));
}

TEST_F(EventLoopTest, AnErrorInAMicrotaskDoesNotStopTheOthers) {
  LogUncaught();
  loop_.QueueMicrotask(Fail("x"));
  loop_.QueueMicrotask(Log("microtask"));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("uncaught x", "microtask"));
}

TEST_F(EventLoopTest, AnErrorInThePollPhaseSkipsItsOwnDrain) {
  LogUncaught();
  loop_.Post([this] {
    loop_.NextTick(Log("tick"));
    Throw(absl::UnknownError("x"));
  });
  loop_.Post(Log("second"));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("uncaught x", "second", "tick"));
}

TEST_F(EventLoopTest, OnlyTheOutermostDispatchDrains) {
  loop_.Dispatch([this] {
    loop_.NextTick(Log("tick"));
    loop_.Dispatch([this] { trace_.push_back("inner"); });
    trace_.push_back("outer");
  });
  EXPECT_THAT(trace_, ElementsAre("inner", "outer", "tick"));
}

TEST_F(EventLoopTest, WhatIsLeftIsDestroyedWithTheLoop) {
  auto alive = std::make_shared<int>(0);
  std::thread([alive]() mutable {
    EventLoop loop;
    loop.SetTimeout(absl::Seconds(100), [alive] {});
    loop.SetImmediate([alive] {});
    loop.NextTick([alive] {});
    loop.QueueMicrotask([alive] {});
    loop.Post([alive] {});
    loop.QueueClose([alive] {});
    alive.reset();
  }).join();
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(EventLoopTest, WhatIsDestroyedWithTheLoopMayCallIt) {
  auto alive = std::make_shared<int>(0);
  std::thread([alive]() mutable {
    EventLoop loop;
    Timer second;
    std::shared_ptr<void> clears(nullptr, [&](void*) { second.Clear(); });
    loop.SetTimeout(absl::Seconds(100), [clears = std::move(clears)] {});
    second = loop.SetTimeout(absl::Seconds(100), [alive] {});
    std::shared_ptr<void> queues(
        nullptr, [&, alive](void*) { loop.QueueClose([alive] {}); });
    loop.QueueClose([queues = std::move(queues)] {});
    alive.reset();
  }).join();
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(EventLoopTest, HandlesMayOutliveTheLoop) {
  Timer timer;
  Immediate immediate;
  std::thread([&] {
    EventLoop loop;
    timer = loop.SetTimeout(absl::Seconds(100), [] {});
    immediate = loop.SetImmediate([] {});
  }).join();
  EXPECT_FALSE(timer.active());
  EXPECT_FALSE(immediate.active());
  timer.Refresh();
  timer.Clear();
  immediate.Clear();
}

TEST(EventLoopDeathTest, AMethodOnAnotherThreadEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        EventLoop loop;
        std::thread([&] { loop.NextTick([] {}); }).join();
      },
      "only Post\\(\\) may be called from anywhere");
}

TEST(EventLoopDeathTest, AnUncaughtErrorEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        EventLoop loop;
        loop.SetImmediate([] { Throw(absl::NotFoundError("the reason")); });
        loop.Run();
      },
      "uncaught error: NOT_FOUND: the reason");
}

TEST(EventLoopStartTest, ATickThatThrowsInMainLeavesTheRestToTheFirstTimer) {
  EventLoop loop;
  std::vector<std::string> trace;
  loop.OnUncaught(
      [&trace](const std::exception_ptr&) { trace.push_back("uncaught"); });
  loop.Dispatch([&] {
    loop.SetTimeout(absl::Milliseconds(1), [&] { trace.push_back("timer"); });
    loop.NextTick([] { throw std::runtime_error("tick"); });
    loop.NextTick([&] { trace.push_back("next tick"); });
    const int64_t start = loop.TimeMs();
    while (loop.TimeMs() < start + 2) {
      // Starting a timer renews the loop's time.
      loop.SetTimeout(absl::Milliseconds(1), [] {}).Clear();
    }
  });
  loop.Run();
  EXPECT_EQ(trace,
            (std::vector<std::string>{"uncaught", "timer", "next tick"}));
}

}  // namespace
}  // namespace millrace
