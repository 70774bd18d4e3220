#include "loop/live_coroutines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loop/activity.h"
#include "loop/combinators.h"
#include "loop/promise.h"

namespace millrace {
namespace live_coroutines_test {

using testing::HasSubstr;
using testing::IsEmpty;

Promise<int> Inner(Promise<int> gate) { co_return co_await gate; }
Promise<int> Middle(Promise<int> gate) { co_return co_await Inner(gate); }
Promise<int> Outer(Promise<int> gate) { co_return 1 + co_await Middle(gate); }

Promise<int> Twice(Promise<int> first, Promise<int> second) {
  co_return co_await first + co_await second;
}

class LiveCoroutinesTest : public testing::Test {
 protected:
  // "FUNCTION <- WHAT IT WAITS FOR", the longest wait first.
  std::vector<std::string> Live() {
    std::vector<std::string> lines;
    for (const LiveCoroutine& one : LiveCoroutines(loop_)) {
      lines.push_back(one.function + " <- " + one.waits_for);
    }
    return lines;
  }

  EventLoop loop_;
  Deferred<int> gate_;
};

constexpr char kSpace[] = "millrace::live_coroutines_test::";
std::string Line(std::string one, std::string other) {
  return kSpace + one + " <- " + (other.empty() ? "" : kSpace + other);
}

TEST_F(LiveCoroutinesTest, EachWaitsForTheNext) {
  ListCoroutines(loop_, true);
  Promise<int> whole;
  loop_.Dispatch([&] { whole = Outer(gate_.promise()); });
  EXPECT_THAT(Live(), testing::UnorderedElementsAre(Line("Outer", "Middle"),
                                                    Line("Middle", "Inner"),
                                                    Line("Inner", "")));
  loop_.Dispatch([&] { gate_.Resolve(1); });
  EXPECT_EQ(whole.value(), 2);
  EXPECT_THAT(Live(), IsEmpty());
}

TEST_F(LiveCoroutinesTest, OneThatGoesOnWaitsAnew) {
  ListCoroutines(loop_, true);
  Deferred<int> second;
  Promise<int> sum;
  loop_.Dispatch(
      [&] { sum = Twice(gate_.promise(), Inner(second.promise())); });
  EXPECT_THAT(Live(), testing::UnorderedElementsAre(Line("Twice", ""),
                                                    Line("Inner", "")));
  loop_.Dispatch([&] { gate_.Resolve(1); });
  EXPECT_THAT(Live(), testing::UnorderedElementsAre(Line("Twice", "Inner"),
                                                    Line("Inner", "")));
  loop_.Dispatch([&] { second.Resolve(2); });
  EXPECT_EQ(sum.value(), 3);
  EXPECT_THAT(Live(), IsEmpty());
}

TEST_F(LiveCoroutinesTest, SaysOnWhoseBehalfTheLongestFirst) {
  ListCoroutines(loop_, true);
  Activity::TraceId trace{};
  trace.fill(0xab);
  Promise<int> first, second;
  loop_.Dispatch([&] { first = Inner(gate_.promise()); });
  loop_.Dispatch([&] {
    const ActivityScope scope(Activity::Make({.kind = "rpc",
                                              .handler = "a.v1.A/Do",
                                              .event = "a.v1.E",
                                              .trace_id = trace}));
    second = Inner(gate_.promise());
  });
  size_t count = 0;
  const std::vector<LiveCoroutine> live = LiveCoroutines(loop_, 1000, &count);
  ASSERT_EQ(live.size(), 2u);
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(live[0].handler, "");
  EXPECT_EQ(live[0].trace_id, "");
  EXPECT_EQ(live[1].handler, "a.v1.A/Do");
  EXPECT_EQ(live[1].event, "a.v1.E");
  EXPECT_EQ(live[1].trace_id, "abababababababababababababababab");
  EXPECT_GE(live[0].age, live[1].age);
  EXPECT_GE(live[1].age, absl::ZeroDuration());

  EXPECT_EQ(LiveCoroutines(loop_, 1, &count).size(), 1u);
  EXPECT_EQ(count, 2u);
  loop_.Dispatch([&] { gate_.Resolve(1); });
}

TEST_F(LiveCoroutinesTest, WhatIsSettledIsNoWait) {
  ListCoroutines(loop_, true);
  std::vector<std::string> inside;
  Promise<int> whole;
  loop_.Dispatch([&] {
    whole = Inner(Promise<int>::Resolve(1));
    inside = Live();
  });
  EXPECT_THAT(inside, IsEmpty());
  EXPECT_EQ(whole.value(), 1);
}

TEST_F(LiveCoroutinesTest, ListsFromWhenItIsToldTo) {
  Promise<int> before, after;
  loop_.Dispatch([&] { before = Inner(gate_.promise()); });
  EXPECT_THAT(Live(), IsEmpty());
  ListCoroutines(loop_, true);
  loop_.Dispatch([&] { after = Middle(gate_.promise()); });
  EXPECT_EQ(Live().size(), 2u);
  ListCoroutines(loop_, true);
  EXPECT_EQ(Live().size(), 2u);
  ListCoroutines(loop_, false);
  EXPECT_THAT(Live(), IsEmpty());
  loop_.Dispatch([&] { gate_.Resolve(1); });
  EXPECT_TRUE(before.settled() && after.settled());
}

TEST_F(LiveCoroutinesTest, LambdasAreNamedByTheFunctionThatHasThem) {
  ListCoroutines(loop_, true);
  const auto wait = [](Promise<int> gate) -> Promise<int> {
    co_return co_await gate;
  };
  Promise<int> whole;
  loop_.Dispatch([&] { whole = wait(gate_.promise()); });
  ASSERT_EQ(Live().size(), 1u);
  EXPECT_THAT(Live()[0], HasSubstr("LambdasAreNamedByTheFunctionThatHasThem"));
  loop_.Dispatch([&] { gate_.Resolve(1); });
}

TEST(LiveCoroutinesEndTest, ALoopMayEndWhileTheyAreListed) {
  Promise<int> whole;
  {
    EventLoop loop;
    ListCoroutines(loop, true);
    Deferred<int> gate;
    loop.Dispatch([&] { whole = Middle(gate.promise()); });
    EXPECT_EQ(LiveCoroutines(loop).size(), 2u);
  }
  EventLoop next;
  EXPECT_THAT(LiveCoroutines(next), IsEmpty());
}

}  // namespace live_coroutines_test
}  // namespace millrace
