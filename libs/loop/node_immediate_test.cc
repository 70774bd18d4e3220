#include <array>
#include <functional>
#include <string>

#include "loop/node_test.h"
#include "loop/timer.h"

namespace millrace {
namespace {

using testing::ElementsAre;

using NodeImmediate = NodeTest;

TEST_F(NodeImmediate, test_timers_immediate) {
  bool main_finished = false;
  Immediate second;
  loop_.SetImmediate(MustCall([&] {
    EXPECT_TRUE(main_finished);
    second.Clear();
  }));
  second = loop_.SetImmediate(MustNotCall());
  std::array<int, 3> arguments = {};
  loop_.SetImmediate([&arguments, x = 1, y = 2, z = 3] {
    arguments = {x, y, z};
  });
  main_finished = true;
  loop_.Run();
  EXPECT_THAT(arguments, ElementsAre(1, 2, 3));
}

TEST_F(NodeImmediate, test_timers_clearImmediate) {
  // Each clears itself while it runs.
  std::array<Immediate, 3> immediates;
  for (Immediate& immediate : immediates) {
    immediate = loop_.SetImmediate(MustCall([&immediate] {
      EXPECT_FALSE(immediate.active());
      immediate.Clear();
    }));
  }
  loop_.Run();
}

TEST_F(NodeImmediate, test_timers_immediate_queue) {
  // What the batch adds is for the next turn, which close callbacks precede.
  constexpr int kQueue = 1000;
  int hit = 0;
  bool turned = false;
  std::function<void()> run = [&] {
    if (hit == 0) loop_.QueueClose([&] { turned = true; });
    if (turned) return;
    ++hit;
    loop_.SetImmediate(run);
  };
  for (int i = 0; i < kQueue; ++i) loop_.SetImmediate(run);
  loop_.Run();
  EXPECT_EQ(hit, kQueue);
}

TEST_F(NodeImmediate, test_timers_immediate_queue_throw) {
  // One that throws ends neither its batch nor lets later ones in before it.
  constexpr int kQueue = 10;
  int stage = -1;
  bool threw = false;
  int errors = 0;
  loop_.OnUncaught([&](std::exception_ptr error) {
    EXPECT_EQ(Text(error), "setImmediate Err");
    EXPECT_EQ(stage, 0);
    ++errors;
  });
  std::function<void(int)> run = [&](int call_stage) {
    trace_.push_back(std::to_string(call_stage));
    EXPECT_GE(call_stage, stage);
    stage = call_stage;
    if (!threw) loop_.SetImmediate([&run] { run(2); });
  };
  for (int i = 0; i < kQueue; ++i) loop_.SetImmediate([&run] { run(0); });
  loop_.SetImmediate([&] {
    threw = true;
    loop_.NextTick(MustCall([&] { EXPECT_EQ(stage, 1); }));
    Fail("setImmediate Err");
  });
  loop_.SetImmediate([] { Fail("setImmediate Err"); });
  for (int i = 0; i < kQueue; ++i) loop_.SetImmediate([&run] { run(1); });
  loop_.Run();
  EXPECT_EQ(errors, 2);
  EXPECT_EQ(trace_.size(), 3u * kQueue);
}

TEST_F(NodeImmediate, test_timers_immediate_unref) {
  Immediate first;
  first = loop_.SetImmediate(MustCall([&] {
    int left = 2;
    const auto done = [this, left = std::make_shared<int>(left)] {
      if (--*left > 0) return;
      loop_.SetImmediate([this] { loop_.SetImmediate(MustNotCall()).Unref(); });
    };
    // Runs although it is unref'd, while the timer keeps the loop.
    loop_.SetImmediate(MustCall(done)).Unref();
    loop_.SetTimeout(Ms(10), MustCall(done));
  }));
  first.Ref();
  first.Unref();
  EXPECT_FALSE(first.has_ref());
  first.Unref();
  first.Ref();
  EXPECT_TRUE(first.has_ref());
  loop_.Run();
}

TEST_F(NodeImmediate, test_timers_immediate_unref_simple) {
  loop_.SetImmediate(MustNotCall()).Unref();
  loop_.Run();
}

TEST_F(NodeImmediate, test_timers_immediate_unref_nested_once) {
  loop_.SetImmediate(
      MustCall([this] { loop_.SetImmediate(MustNotCall()).Unref(); }));
  loop_.Run();
}

TEST_F(NodeImmediate, test_timers_setimmediate_infinite_loop) {
  // Immediates that make immediates do not keep the other phases out.
  bool stop = false;
  std::function<void()> again = [&] {
    if (!stop) loop_.SetImmediate(again);
  };
  again();
  loop_.SetTimeout(
      Ms(5), MustCall([&] { loop_.Post(MustCall([&] { stop = true; })); }));
  loop_.Run();
}

// Not ported: test-timers-clearImmediate-als (AsyncLocalStorage).
// test-timers-immediate-promisified stands in node_timer_promises_test.cc.

}  // namespace
}  // namespace millrace
