// For tests: runs a loop until a promise has settled.
#ifndef MILLRACE_LOOP_TESTING_AWAIT_H_
#define MILLRACE_LOOP_TESTING_AWAIT_H_

#include <optional>
#include <utility>

#include "loop/combinators.h"
#include "loop/event_loop.h"

namespace millrace {

// The outcome of `promise`. The loop, which is the calling thread's and does
// not run, waits for it even when nothing ref'd is left.
template <typename T>
StatusOrVoid<T> AwaitOn(EventLoop& loop, Promise<T> promise) {
  std::optional<StatusOrVoid<T>> outcome;
  (void)AsStatusOr(std::move(promise)).Then([&](StatusOrVoid<T> settled) {
    outcome.emplace(std::move(settled));
    loop.Stop();
  });
  loop.AddRef("test");
  if (!outcome) loop.Run();
  loop.ReleaseRef("test");
  return *std::move(outcome);
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_TESTING_AWAIT_H_
