// What an observer is told of emits and calls, and under which activities they
// run.
#include "events/emitter_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "events/test_support.h"
#include "loop/combinators.h"
#include "loop/worker_pool.h"

namespace millrace::events_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string Here() {
  const Activity* activity = Activity::Current();
  return activity == nullptr ? "none" : std::string(activity->handler());
}

std::string ErrorIn(const CallEnd& end) {
  return end.error == nullptr ? "" : " failed: " + TextOf(end.error);
}

// Follows every emit and call, and writes down what it is told. An activity's
// handler is the path to it: "emit foo > a".
class Follower final : public EmitterObserver {
 public:
  std::unique_ptr<ListenerProbe> Watch(const ListenerInfo& info) override {
    if (info.listener == "unwatched") return nullptr;
    return std::make_unique<Probe>(*this, std::string(info.listener));
  }
  ActivityRef OnEmit(std::string_view emitter,
                     std::string_view event) override {
    lines.push_back(StrCat("begin ", emitter, "/", event));
    if (!follows) return {};
    return Below(StrCat("emit ", event));
  }
  void OnEmitEnded(std::string_view emitter, std::string_view event,
                   const Activity& emit, const CallEnd& end) override {
    EXPECT_GE(end.took, absl::ZeroDuration());
    EXPECT_NE(Activity::Current(), &emit);
    lines.push_back(StrCat("end ", emitter, "/", event, " as ", emit.handler(),
                           ErrorIn(end)));
  }

  std::vector<std::string> lines;
  bool follows = true;

 private:
  static ActivityRef Below(const std::string& what) {
    const std::string here = Here();
    return Activity::Make(
        {.kind = "test",
         .handler = here == "none" ? what : StrCat(here, " > ", what)});
  }

  struct Probe final : ListenerProbe {
    Probe(Follower& f, std::string n) : follower(f), name(std::move(n)) {}
    ActivityRef OnCall() override {
      if (Activity::Current() == nullptr) return {};
      return Below(name);
    }
    void OnListenerDone(absl::Duration) override {}
    void OnOverBudget(absl::Duration) override {}
    void OnCallEnded(const Activity& call, const CallEnd& end) override {
      follower.lines.push_back(StrCat("called ", call.handler(), ErrorIn(end)));
    }
    Follower& follower;
    const std::string name;
  };
};

Promise<void> EmitLater(Emitter& emitter) {
  co_await Delay(absl::Milliseconds(1));
  emitter.Emit<Baz>(1);
}

class ObserverTest : public testing::Test {
 protected:
  ObserverTest() {
    loop_.OnUncaught([this](std::exception_ptr e) {
      follower_.lines.push_back(StrCat("uncaught ", TextOf(e)));
    });
  }
  // A listener that writes down under what it runs.
  auto Note() {
    return [this] { follower_.lines.push_back(StrCat("in ", Here())); };
  }
  std::vector<std::string> Lines() {
    return std::exchange(follower_.lines, {});
  }

  EventLoop loop_;
  Follower follower_;
  std::unique_ptr<Emitter> emitter_ =
      std::make_unique<Emitter>(loop_, EmitterOptions{.observer = &follower_});
};

TEST_F(ObserverTest, ListenersRunUnderTheirCallsAndThoseUnderTheEmit) {
  emitter_->On<Foo>(Note(), {.name = "a"});
  emitter_->On<Foo>(Note(), {.name = "unwatched"});
  emitter_->On<Foo>(Note(), {.name = "b"});
  EXPECT_TRUE(emitter_->Emit<Foo>(1));
  EXPECT_THAT(Lines(), ElementsAre("begin letters/foo", "in emit foo > a",
                                   "called emit foo > a", "in emit foo",
                                   "in emit foo > b", "called emit foo > b",
                                   "end letters/foo as emit foo"));
  EXPECT_EQ(Here(), "none");
}

TEST_F(ObserverTest, AnEmitThatNobodyHearsIsOneToo) {
  EXPECT_FALSE(emitter_->Emit<Foo>(1));
  EXPECT_THAT(Lines(),
              ElementsAre("begin letters/foo", "end letters/foo as emit foo"));
}

TEST_F(ObserverTest, WhatIsNotFollowedRunsUnderItsCause) {
  follower_.follows = false;
  emitter_->On<Foo>(Note(), {.name = "a"});
  EXPECT_TRUE(emitter_->Emit<Foo>(1));
  EXPECT_THAT(Lines(), ElementsAre("begin letters/foo", "in none"));
  {
    const ActivityScope scope(
        Activity::Make({.kind = "rpc", .handler = "rpc"}));
    emitter_->Emit<Foo>(1);
  }
  EXPECT_THAT(Lines(),
              ElementsAre("begin letters/foo", "in rpc > a", "called rpc > a"));
}

TEST_F(ObserverTest, EmitsOfListenersAreBelowThem) {
  emitter_->On<Foo>([this] { emitter_->Emit<Baz>(1); }, {.name = "a"});
  emitter_->On<Baz>(Note(), {.name = "b"});
  emitter_->Emit<Foo>(1);
  EXPECT_THAT(Lines(), ElementsAre("begin letters/foo", "begin letters/baz",
                                   "in emit foo > a > emit baz > b",
                                   "called emit foo > a > emit baz > b",
                                   "end letters/baz as emit foo > a > emit baz",
                                   "called emit foo > a",
                                   "end letters/foo as emit foo"));
}

TEST_F(ObserverTest, WhatAListenerThrowsEndsItsCallAndTheEmit) {
  emitter_->On<Foo>([] { throw std::runtime_error("broken"); }, {.name = "a"});
  emitter_->On<Foo>(Note(), {.name = "never"});
  EXPECT_THROW(emitter_->Emit<Foo>(1), std::runtime_error);
  EXPECT_THAT(
      Lines(),
      ElementsAre("begin letters/foo", "called emit foo > a failed: broken",
                  "end letters/foo as emit foo failed: broken"));
  EXPECT_EQ(Here(), "none");
}

TEST_F(ObserverTest, AnErrorIsOneEmitForTheMonitorAndTheListeners) {
  emitter_->On<ErrorMonitor>(Note(), {.name = "monitor"});
  EXPECT_THROW(emitter_->Emit<ErrorEvent>(ErrorOf("e")), std::runtime_error);
  EXPECT_THAT(Lines(),
              ElementsAre("begin letters/error", "in emit error > monitor",
                          "called emit error > monitor",
                          "end letters/error as emit error failed: e"));
  emitter_->On<ErrorEvent>(Note(), {.name = "a"});
  emitter_->Emit<ErrorEvent>(ErrorOf("e"));
  EXPECT_THAT(
      Lines(),
      ElementsAre("begin letters/error", "in emit error > monitor",
                  "called emit error > monitor", "in emit error > a",
                  "called emit error > a", "end letters/error as emit error"));
}

TEST_F(ObserverTest, AnEmitEndsAlsoWhenItsEmitterIsGone) {
  // Too long for a place within the string.
  const std::string name(100, 'n');
  emitter_ = std::make_unique<Emitter>(
      loop_, EmitterOptions{.name = name, .observer = &follower_});
  emitter_->On<Foo>([this] { emitter_.reset(); }, {.name = "a"});
  emitter_->On<Foo>(Note(), {.name = "b"});
  EXPECT_TRUE(emitter_->Emit<Foo>(1));
  EXPECT_THAT(Lines(),
              ElementsAre(StrCat("begin ", name, "/foo"), "called emit foo > a",
                          "in emit foo > b", "called emit foo > b",
                          StrCat("end ", name, "/foo as emit foo")));
  EXPECT_EQ(emitter_, nullptr);
}

TEST_F(ObserverTest, ListenersThatAreCalledLaterAreOfTheirEmit) {
  emitter_->On<Foo>(Note(), {.dispatch = Dispatch::kImmediate, .name = "c"});
  emitter_->On<Foo>([] { throw std::runtime_error("broken"); },
                    {.dispatch = Dispatch::kNextTick, .name = "b"});
  emitter_->On<Foo>(Note(), {.name = "a"});
  emitter_->Emit<Foo>(1);
  EXPECT_THAT(Lines(), ElementsAre("begin letters/foo", "in emit foo > a",
                                   "called emit foo > a",
                                   "end letters/foo as emit foo"));
  loop_.Run();
  EXPECT_THAT(Lines(), ElementsAre("called emit foo > b failed: broken",
                                   "uncaught broken", "in emit foo > c",
                                   "called emit foo > c"));
}

TEST_F(ObserverTest, AListenerOnAWorkerIsNotFollowed) {
  std::string where;
  emitter_->On<Foo>([&where] { where = Here(); },
                    {.dispatch = Dispatch::kWorker, .name = "a"});
  emitter_->Emit<Foo>(1);
  loop_.Run();
  EXPECT_EQ(where, "none");
  EXPECT_THAT(Lines(),
              ElementsAre("begin letters/foo", "end letters/foo as emit foo"));
}

TEST_F(ObserverTest, WhatAListenerBeginsIsOfItsCall) {
  emitter_->On<Foo>([this] { return EmitLater(*emitter_); }, {.name = "a"});
  emitter_->Emit<Foo>(1);
  EXPECT_THAT(Lines(), ElementsAre("begin letters/foo", "called emit foo > a",
                                   "end letters/foo as emit foo"));
  loop_.Run();
  EXPECT_THAT(Lines(),
              ElementsAre("begin letters/baz",
                          "end letters/baz as emit foo > a > emit baz"));
}

TEST_F(ObserverTest, ARejectionThatIsCapturedIsAnEmitOfItsListener) {
  Emitter capturing(loop_,
                    {.capture_rejections = true, .observer = &follower_});
  capturing.On<Foo>(
      [] { return Promise<void>::Reject(absl::InternalError("rejected")); },
      {.name = "a"});
  capturing.On<ErrorEvent>([] {}, {.name = "b"});
  capturing.Emit<Foo>(1);
  Lines();
  loop_.Run();
  EXPECT_THAT(
      Lines(),
      ElementsAre("begin letters/error", "called emit foo > a > emit error > b",
                  "end letters/error as emit foo > a > emit error"));
}

TEST_F(ObserverTest, ChangesOfListenersAreNoEmits) {
  emitter_->On<NewListener>([] {});
  emitter_->On<RemoveListener>([] {});
  emitter_->RemoveAllListeners();
  EXPECT_THAT(Lines(), IsEmpty());
}

}  // namespace
}  // namespace millrace::events_test
