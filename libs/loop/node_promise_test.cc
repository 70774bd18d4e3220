#include <memory>

#include "loop/node_test.h"
#include "loop/promise.h"
#include "loop/timer.h"

namespace millrace {
namespace {

using testing::ElementsAre;

class NodePromise : public NodeTest {
 protected:
  void Microtask(Task task) {
    held_.push_back(Promise<void>::Resolve().Then(std::move(task)));
  }

  std::vector<Promise<void>> held_;
};

TEST_F(NodePromise, test_microtask_queue_integration) {
  // A tick of a microtask is before a timer of it, from main and from a tick.
  const auto test = [this] {
    auto ticked = std::make_shared<bool>(false);
    Microtask([this, ticked] {
      loop_.NextTick([ticked] { *ticked = true; });
      loop_.SetTimeout(absl::ZeroDuration(),
                       MustCall([ticked] { EXPECT_TRUE(*ticked); }));
    });
  };
  test();
  loop_.SetTimeout(absl::ZeroDuration(),
                   MustCall([&] { loop_.NextTick(test); }));
  loop_.Run();
}

TEST_F(NodePromise, test_microtask_queue_run) {
  // Without any tick: the microtasks of a timer are drained after it, and the
  // ticks of those before the next timer.
  loop_.SetTimeout(absl::ZeroDuration(),
                   MustCall([this] { Microtask(MustCall()); }));
  loop_.SetTimeout(absl::ZeroDuration(), MustCall([this] {
                     auto called = std::make_shared<bool>(false);
                     Microtask([this, called] {
                       loop_.NextTick([called] { *called = true; });
                     });
                     loop_.SetTimeout(absl::ZeroDuration(), MustCall([called] {
                                        EXPECT_TRUE(*called);
                                      }));
                   }));
  loop_.Run();
}

TEST_F(NodePromise, test_microtask_queue_run_immediate) {
  loop_.SetImmediate(MustCall([this] { Microtask(MustCall()); }));
  loop_.SetImmediate(MustCall([this] {
    auto called = std::make_shared<bool>(false);
    Microtask([this, called] { loop_.NextTick([called] { *called = true; }); });
    loop_.SetImmediate(MustCall([called] { EXPECT_TRUE(*called); }));
  }));
  loop_.Run();
}

TEST_F(NodePromise, test_queue_microtask) {
  LogUncaught();
  bool called = false;
  loop_.QueueMicrotask(MustCall([&] { called = true; }));
  EXPECT_FALSE(called);

  // One queue with the reactions of promises.
  held_.push_back(Promise<void>::Resolve().Then(Log("a")).Then(MustCall()));
  loop_.QueueMicrotask(Log("b"));
  held_.push_back(
      Promise<void>::Reject(absl::InternalError(""))
          .Catch([this](const std::exception_ptr&) { trace_.push_back("c"); }));
  loop_.QueueMicrotask(
      MustCall([this] { EXPECT_THAT(trace_, ElementsAre("a", "b", "c")); }));

  loop_.QueueMicrotask([] { Fail("E1"); });
  loop_.QueueMicrotask([] { Fail("E2"); });
  loop_.Run();
  EXPECT_THAT(trace_, ElementsAre("a", "b", "c", "uncaught E1", "uncaught E2"));
}

// Not ported:
// - domains: test-microtask-queue-integration-domain, -run-domain,
//   -run-immediate-domain
// - async_hooks: test-queue-microtask-uncaught-asynchooks,
//   test-promise-hook-*
// - 'multipleResolves', deprecated: test-promise-swallowed-event
// - exhausted stacks and proxies: test-promise-reject-callback-exception,
//   test-promises-unhandled-proxy-rejections, -symbol-rejections

}  // namespace
}  // namespace millrace
