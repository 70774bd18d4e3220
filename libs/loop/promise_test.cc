#include "loop/promise.h"

#include <gtest/gtest.h>

#include "loop/event_loop.h"

namespace millrace {
namespace {

Promise<int> Answer() { co_return 42; }
Promise<int> Await() { co_return co_await Answer() + co_await Answer(); }
Promise<void> Store(int* out) { *out = co_await Await(); }

TEST(PromiseTest, CoroutinesAwaitCoroutines) {
  EventLoop loop;
  int out = 0;
  const Promise<void> done = Store(&out);
  EXPECT_FALSE(done.settled());
  loop.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_EQ(out, 84);
}

}  // namespace
}  // namespace millrace
