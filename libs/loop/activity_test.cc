#include "loop/activity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "loop/worker_pool.h"

namespace millrace {
namespace {

using testing::ElementsAre;

ActivityRef Named(std::string_view handler) {
  return Activity::Make({.kind = "test", .handler = handler});
}

std::string Here() {
  const Activity* activity = Activity::Current();
  return activity == nullptr ? "none" : std::string(activity->handler());
}

class ActivityTest : public testing::Test {
 protected:
  // Calls f under an activity of that name.
  template <typename F>
  decltype(auto) Under(std::string_view handler, F f) {
    const ActivityScope scope(Named(handler));
    return f();
  }
  std::function<void()> Noting(std::string what) {
    return [this, what = std::move(what)] {
      trace_.push_back(what + "=" + Here());
    };
  }

  EventLoop loop_;
  std::vector<std::string> trace_;
};

TEST_F(ActivityTest, HoldsWhatItWasMadeOf) {
  Activity::TraceId trace{};
  trace[15] = 7;
  const Activity::SpanId span = {1, 2, 3}, parent = {4, 5};
  const std::string long_name(300, 'x');
  const ActivityRef activity = Activity::Make({.kind = "event",
                                               .handler = "admin.audit",
                                               .event = long_name,
                                               .trace_id = trace,
                                               .span_id = span,
                                               .parent_span_id = parent,
                                               .sampled = true});
  EXPECT_STREQ(activity->kind(), "event");
  EXPECT_EQ(activity->handler(), "admin.audit");
  EXPECT_EQ(activity->event(), long_name.substr(0, Activity::kTextBytes));
  EXPECT_EQ(activity->trace_id(), trace);
  EXPECT_EQ(activity->span_id(), span);
  EXPECT_EQ(activity->parent_span_id(), parent);
  EXPECT_TRUE(activity->sampled());
  EXPECT_FALSE(Named("another")->sampled());
  EXPECT_GT(activity->start(), 0);
}

TEST_F(ActivityTest, CountsItsPartsAndTheirsAndOutlivesThem) {
  ActivityRef whole = Named("whole");
  const ActivityRef part =
      Activity::Make({.kind = "test", .cause = whole.get()});
  const ActivityRef inner =
      Activity::Make({.kind = "test", .cause = part.get()});
  EXPECT_EQ(&whole->whole(), whole.get());
  EXPECT_EQ(&inner->whole(), whole.get());
  EXPECT_EQ(whole->parts(), 2);
  EXPECT_EQ(part->parts(), 0);
  EXPECT_FALSE(whole->unique());
  whole = {};
  EXPECT_EQ(inner->whole().handler(), "whole");
}

TEST_F(ActivityTest, HasNothingOfPartsThatAreOver) {
  const ActivityRef whole = Named("whole");
  Under("other", [&] {
    const ActivityScope scope(
        Activity::Make({.kind = "test", .cause = whole.get()}));
    EXPECT_FALSE(whole->unique());
  });
  EXPECT_TRUE(whole->unique());
  EXPECT_EQ(whole->parts(), 1);
}

TEST_F(ActivityTest, ScopesNestAndAreClearedOutside) {
  EXPECT_EQ(Here(), "none");
  Under("outer", [&] {
    EXPECT_EQ(Here(), "outer");
    Under("inner", [&] { EXPECT_EQ(Here(), "inner"); });
    EXPECT_EQ(Here(), "outer");
    {
      const ActivityScope nothing{ActivityRef()};
      EXPECT_EQ(Here(), "none");
    }
    EXPECT_EQ(Here(), "outer");
  });
  EXPECT_EQ(Here(), "none");
}

TEST_F(ActivityTest, FollowsEveryQueueOfTheLoop) {
  Under("a", [&] {
    loop_.NextTick(Noting("tick"));
    loop_.QueueMicrotask(Noting("microtask"));
    loop_.SetTimeout(absl::Milliseconds(1), Noting("timer"));
    loop_.SetImmediate(Noting("immediate"));
    loop_.Post(Noting("posted"));
    loop_.QueueClose(Noting("close"));
  });
  loop_.Run();
  EXPECT_THAT(trace_, testing::UnorderedElementsAre("tick=a", "microtask=a",
                                                    "timer=a", "immediate=a",
                                                    "posted=a", "close=a"));
}

TEST_F(ActivityTest, DoesNotReachWhatStandsBesideItInTheQueues) {
  Under("a", [&] { loop_.NextTick(Noting("tick")); });
  loop_.NextTick(Noting("tick"));
  Under("a", [&] { loop_.QueueMicrotask(Noting("microtask")); });
  loop_.QueueMicrotask(Noting("microtask"));
  Under("a", [&] { loop_.Post(Noting("posted")); });
  loop_.Post(Noting("posted"));
  Under("a", [&] { loop_.SetImmediate(Noting("immediate")); });
  loop_.SetImmediate(Noting("immediate"));
  Under("a", [&] { loop_.SetTimeout(absl::Milliseconds(5), Noting("timer")); });
  loop_.SetTimeout(absl::Milliseconds(5), Noting("timer"));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("tick=a", "tick=none", "microtask=a",
                                  "microtask=none", "posted=a", "posted=none",
                                  "immediate=a", "immediate=none", "timer=a",
                                  "timer=none"));
}

TEST_F(ActivityTest, OfAnIntervalIsThatOfEachOfItsRuns) {
  int runs = 0;
  Timer timer;
  Under("a", [&] {
    timer = loop_.SetInterval(absl::Milliseconds(1), [&] {
      Noting("run")();
      if (++runs == 2) timer.Clear();
    });
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("run=a", "run=a"));
}

TEST_F(ActivityTest, OfAPostFromAnotherThreadIsNone) {
  Under("a", [&] {
    const auto posted =
        loop_.workers().Run([this] { loop_.Post(Noting("posted")); });
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("posted=none"));
}

Promise<void> NoteAfter(Promise<void> promise, std::function<void()> note) {
  co_await std::move(promise);
  note();
}

TEST_F(ActivityTest, ContinuesAfterEachKindOfWait) {
  Deferred<void> deferred;
  std::vector<Promise<void>> all;
  Under("a", [&] {
    all.push_back(NoteAfter(Promise<void>::Resolve(), Noting("value")));
    all.push_back(
        NoteAfter(loop_.workers().Run([] {}), Noting("worker or delay")));
    all.push_back(
        NoteAfter(Delay(absl::Milliseconds(1)), Noting("worker or delay")));
    all.push_back(NoteAfter(deferred.promise(), Noting("deferred")));
  });
  // By the work of somebody else.
  Under("b", [&] { loop_.SetImmediate([deferred] { deferred.Resolve(); }); });
  loop_.Run();
  EXPECT_THAT(trace_, testing::UnorderedElementsAre("value=a", "deferred=a",
                                                    "worker or delay=a",
                                                    "worker or delay=a"));
}

Promise<void> Steps(std::string name, std::vector<std::string>& trace) {
  for (int i = 0; i < 3; ++i) {
    co_await Promise<void>::Resolve();
    trace.push_back(name + "=" + Here());
  }
}

TEST_F(ActivityTest, KeepsInterleavedCoroutinesApart) {
  std::vector<Promise<void>> all;
  for (const std::string name : {"a", "b"}) {
    Under(name, [&] { all.push_back(Steps(name, trace_)); });
  }
  all.push_back(Steps("none", trace_));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("a=a", "b=b", "none=none", "a=a", "b=b",
                                  "none=none", "a=a", "b=b", "none=none"));
}

TEST_F(ActivityTest, OfThenCatchAndFinallyIsThatOfTheirCaller) {
  Deferred<int> deferred;
  Under("a", [&] {
    static_cast<void>(deferred.promise()
                          .Then([this](int) -> int {
                            Noting("then")();
                            throw std::runtime_error("thrown");
                          })
                          .Catch([this](const std::exception_ptr&) {
                            Noting("catch")();
                            return 0;
                          })
                          .Finally([this] { Noting("finally")(); }));
  });
  Under("b", [&] { deferred.Resolve(1); });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("then=a", "catch=a", "finally=a"));
}

Promise<int> Followed() { co_return Promise<int>::Resolve(1); }

TEST_F(ActivityTest, PassesThroughAPromiseThatFollowsAnother) {
  Under("a", [&] {
    static_cast<void>(Followed().Then([this](int) { Noting("then")(); }));
  });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("then=a"));
}

TEST_F(ActivityTest, OfAnErrorIsThatOfTheCallbackThatThrew) {
  loop_.OnUncaught([this](std::exception_ptr) { Noting("uncaught")(); });
  Under("a", [&] {
    loop_.NextTick([] { throw std::runtime_error("tick"); });
    loop_.QueueMicrotask([] { throw std::runtime_error("microtask"); });
    loop_.Post([] { throw std::runtime_error("posted"); });
  });
  loop_.SetImmediate(Noting("after"));
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("uncaught=a", "uncaught=a", "uncaught=a",
                                  "after=none"));
}

TEST_F(ActivityTest, EndsWhenNothingOfItIsLeft) {
  const ActivityRef activity = Named("a");
  const Timer cleared = [&] {
    const ActivityScope scope(activity);
    loop_.NextTick([] {});
    loop_.SetImmediate([] {});
    static_cast<void>(NoteAfter(Delay(absl::Milliseconds(1)), [] {}));
    return loop_.SetTimeout(absl::Hours(1), [] {});
  }();
  EXPECT_FALSE(activity->unique());
  Timer(cleared).Clear();
  loop_.Run();
  EXPECT_TRUE(activity->unique());
}

#ifndef __SANITIZE_ADDRESS__
Promise<void> ScopeInCoroutine() {
  const ActivityScope scope(Named("a"));
  co_await Promise<void>::Resolve();
}

TEST_F(ActivityTest, AScopeInACoroutineEndsTheProcess) {
  EXPECT_DEATH(static_cast<void>(ScopeInCoroutine()),
               "ActivityScope was made in a coroutine");
}
#endif

}  // namespace
}  // namespace millrace
