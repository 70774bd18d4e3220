// Talking to other loops: a handle on a loop that any thread may keep, things
// that belong to a loop while others hold them, and calls from loop to loop.
//
//   const int n = co_await CallOn(other, [] { return CountThere(); });
//
// A LoopRef may be copied, used and dropped on any thread, and may outlive its
// loop: what it posts is refused then.
//
// Promises belong to the loop they were made on, and so does whatever holds
// one: it never crosses. Homed<T> carries such a thing through another thread
// and back without touching it.
#ifndef MILLRACE_LOOP_LOOP_REF_H_
#define MILLRACE_LOOP_LOOP_REF_H_

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "loop/task.h"

namespace millrace {

class LoopRef {
 public:
  // Of no loop: refuses everything.
  LoopRef() = default;
  // Any thread, while the loop exists.
  explicit LoopRef(EventLoop& loop);
  // Of the calling thread's loop; ends the process when it has none.
  static LoopRef Current();

  // As EventLoop::Post(). False, and `task` is left alone, when the loop is
  // gone. A task that the loop does not come to before its end is destroyed on
  // the loop's thread.
  bool Post(Task&& task) const;

  // Whether this is the calling thread's loop.
  bool current() const;

 private:
  std::shared_ptr<loop_internal::Mailbox> mailbox_;
};

// Something of the loop on which it was wrapped up. Only that loop uses and
// destroys it; when the loop is gone, whoever drops this destroys it, with
// nobody left to race with.
template <typename T>
class Homed {
 public:
  // On the loop that `value` belongs to.
  explicit Homed(T value)
      : home_(LoopRef::Current()),
        value_(std::make_unique<T>(std::move(value))) {}
  Homed(Homed&&) noexcept = default;
  Homed& operator=(Homed&&) = delete;
  // Any thread.
  ~Homed() {
    if (value_ == nullptr || home_.current()) return;
    home_.Post([value = std::move(value_)] {});
  }

  // Runs f(T&) at home, in its poll phase, then destroys the value. Any
  // thread. Without a loop any more, f does not run.
  template <typename F>
  void Return(F f) && {
    home_.Post(
        [value = std::move(value_), f = std::move(f)]() mutable { f(*value); });
  }

 private:
  LoopRef home_;
  std::unique_ptr<T> value_;
};

namespace loop_internal {

absl::Status LoopIsGone();

template <typename R>
void SendBackError(Homed<Deferred<R>> back, std::exception_ptr error) {
  std::move(back).Return(
      [error = std::move(error)](const Deferred<R>& result) mutable {
        result.Reject(std::move(error));
      });
}

// Settles `back` with what f() gives, once that is there.
template <typename R, typename F>
void CallAndSendBack(F& f, Homed<Deferred<R>> back) {
  const auto send_value = [](Homed<Deferred<R>> to, auto value) {
    std::move(to).Return(
        [value = std::move(value)](const Deferred<R>& result) mutable {
          result.Resolve(std::move(value));
        });
  };
  const auto send_nothing = [](Homed<Deferred<R>> to) {
    std::move(to).Return([](const Deferred<R>& result) { result.Resolve(); });
  };
  try {
    if constexpr (UnwrapPromise<std::invoke_result_t<F&>>::kIsPromise) {
      OnSettled(f(), [back = std::move(back), send_value,
                      send_nothing](Promise<R> settled) mutable {
        if (settled.rejected()) {
          SendBackError(std::move(back), settled.error());
        } else if constexpr (std::is_void_v<R>) {
          send_nothing(std::move(back));
        } else {
          send_value(std::move(back), TakeValue(std::move(settled)));
        }
      });
    } else if constexpr (std::is_void_v<R>) {
      f();
      send_nothing(std::move(back));
    } else {
      send_value(std::move(back), f());
    }
  } catch (...) {
    SendBackError(std::move(back), std::current_exception());
  }
}

}  // namespace loop_internal

// Runs f() on the loop of `target`, in its poll phase, and settles on the
// calling loop with what it returns, with what the promise it returns settles
// with, or with what it throws. f is destroyed there when it has returned, and
// its result crosses: neither may hold promises or other things of a loop.
// Calls of one loop arrive in their order. Neither loop is kept running.
//
// UNAVAILABLE when the target is gone, INTERNAL when it ended before it came
// to the call. When the calling loop is gone the result is dropped.
template <typename F>
auto CallOn(const LoopRef& target, F f) -> Promise<
    typename loop_internal::UnwrapPromise<std::invoke_result_t<F&>>::Type> {
  using R =
      typename loop_internal::UnwrapPromise<std::invoke_result_t<F&>>::Type;
  Deferred<R> result;
  Promise<R> promise = result.promise();
  const bool posted =
      target.Post([f = std::move(f),
                   back = Homed<Deferred<R>>(std::move(result))]() mutable {
        loop_internal::CallAndSendBack<R>(f, std::move(back));
      });
  if (!posted) return Promise<R>::Reject(loop_internal::LoopIsGone());
  return promise;
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_LOOP_REF_H_
