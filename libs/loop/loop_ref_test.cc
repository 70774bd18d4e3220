#include "loop/loop_ref.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "base/status.h"
#include "loop/loop_group.h"
#include "loop/testing/await.h"

namespace millrace {
namespace {

// Two loops, of which the second runs on its own thread.
class LoopRefTest : public testing::Test {
 protected:
  LoopRefTest() {
    EXPECT_TRUE(group_
                    .Start([](EventLoop&,
                              int) -> absl::StatusOr<std::shared_ptr<void>> {
                      return nullptr;
                    })
                    .ok());
    other_ = group_.loop(1);
  }

  template <typename T>
  StatusOrVoid<T> Await(Promise<T> promise) {
    return AwaitOn(loop_, std::move(promise));
  }

  EventLoop loop_;
  LoopGroup group_{loop_, {.loops = 2}};
  LoopRef other_;
};

TEST_F(LoopRefTest, CallRunsThereAndSettlesHere) {
  const std::thread::id here = std::this_thread::get_id();
  const bool elsewhere = *Await(CallOn(other_, [this, here] {
    return other_.current() && EventLoop::Current() != nullptr &&
           std::this_thread::get_id() != here;
  }));
  EXPECT_TRUE(elsewhere);
  EXPECT_FALSE(other_.current());
  EXPECT_TRUE(LoopRef::Current().current());
}

TEST_F(LoopRefTest, ResultIsWhatTheFunctionOrItsPromiseGives) {
  EXPECT_EQ(*Await(CallOn(other_, [] { return std::string("value"); })),
            "value");
  EXPECT_EQ(*Await(CallOn(other_, [] { return Promise<int>::Resolve(7); })), 7);
  EXPECT_EQ(Await(CallOn(other_, [] {})), absl::OkStatus());
  EXPECT_EQ(Await(CallOn(other_, [] { return Delay(absl::Milliseconds(1)); })),
            absl::OkStatus());
  const auto owned =
      Await(CallOn(other_, [] { return std::make_unique<int>(5); }));
  EXPECT_EQ(**owned, 5);
}

TEST_F(LoopRefTest, ErrorsCross) {
  EXPECT_EQ(Await(CallOn(other_,
                         []() -> int {
                           throw StatusError(absl::DataLossError("thrown"));
                         }))
                .status(),
            absl::DataLossError("thrown"));
  EXPECT_EQ(Await(CallOn(other_,
                         [] {
                           return Promise<void>::Reject(
                               absl::AbortedError("rejected"));
                         })),
            absl::AbortedError("rejected"));
}

TEST_F(LoopRefTest, PromiseThatOthersHoldTooIsNotEmptied) {
  EXPECT_EQ(*Await(CallOn(
                other_,
                [] {
                  const auto text = Promise<std::string>::Resolve("kept");
                  return text.Then([text](const std::string&) { return text; });
                })),
            "kept");
}

TEST_F(LoopRefTest, CallsArriveInOrder) {
  std::vector<int> seen;
  for (int i = 0; i < 100; ++i) {
    (void)CallOn(other_, [&seen, i] { seen.push_back(i); });
  }
  const auto last = *Await(CallOn(other_, [&seen] { return seen; }));
  ASSERT_EQ(last.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(last[i], i);
}

TEST_F(LoopRefTest, LoopThatIsGoneIsUnavailable) {
  group_.Stop();
  group_.Join();
  EXPECT_EQ(Await(CallOn(other_, [] { return 1; })).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(Await(CallOn(LoopRef(), [] {})).code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(LoopRefTest, CallThatTheLoopDoesNotComeToIsAnError) {
  std::atomic<bool> stopped = false;
  // The call is posted behind the stop, while the loop is kept busy.
  std::atomic<bool> posted = false;
  other_.Post([&] {
    EventLoop::Current()->Stop();
    stopped = true;
    while (!posted) std::this_thread::yield();
    // Behind what this turn runs: left to the end of the loop.
    EventLoop::Current()->Post([] {});
  });
  while (!stopped) std::this_thread::yield();
  bool ran = false;
  Promise<void> call = CallOn(other_, [&] { ran = true; });
  posted = true;
  group_.Join();
  EXPECT_EQ(Await(std::move(call)).code(), absl::StatusCode::kInternal);
  EXPECT_FALSE(ran);
}

TEST_F(LoopRefTest, HomedIsUsedAndDestroyedAtHome) {
  struct Tracked {
    explicit Tracked(std::thread::id* where) : where(where) {}
    Tracked(Tracked&& other) noexcept
        : where(std::exchange(other.where, nullptr)) {}
    ~Tracked() {
      if (where != nullptr) *where = std::this_thread::get_id();
    }
    std::thread::id* where;
  };
  const std::thread::id here = std::this_thread::get_id();
  std::thread::id dropped;
  Homed<Tracked> first{Tracked(&dropped)};
  EXPECT_EQ(Await(CallOn(other_,
                         [first = std::move(first)]() mutable {
                           const Homed<Tracked> end = std::move(first);
                         })),
            absl::OkStatus());
  EXPECT_EQ(dropped, here);

  std::thread::id destroyed;
  std::thread::id used;
  Homed<Tracked> second{Tracked(&destroyed)};
  EXPECT_EQ(Await(CallOn(other_,
                         [&used, second = std::move(second)]() mutable {
                           std::move(second).Return([&used](Tracked&) {
                             used = std::this_thread::get_id();
                           });
                         })),
            absl::OkStatus());
  EXPECT_EQ(used, here);
  EXPECT_EQ(destroyed, here);
}

}  // namespace
}  // namespace millrace
