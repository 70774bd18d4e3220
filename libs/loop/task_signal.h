// TaskSignal: the abort signal of the group that a coroutine works for, and
// how cancellation reaches that coroutine.
//
// The rule: a coroutine that returns a Promise and has a parameter of type
// TaskSignal (by value or by reference, at any place, also of a member
// function or a lambda) is checked: once that signal is aborted, no co_await of
// a promise gives it a value any more, it throws the reason instead.
//
//   Promise<void> Copy(TaskSignal signal, Source& from, Sink& to) {
//     while (true) co_await to.Write(co_await from.Read());   // ends by itself
//   }
//
// - An await lasts until its promise has settled, and is checked then, never
//   earlier. What was begun may refer to the coroutine's locals (a worker's
//   lambda, a callee with a reference parameter): to unwind under it would
//   leave it with dangling ones. A promise's own error comes first.
// - So a wait that must end with the group is given the signal, as everywhere
//   else: Delay(limit, signal), WithSignal(promise, signal). The latter is for
//   promises whose work does not refer to the frame.
// - Only who is handed the signal is cancelled. A coroutine that is called
//   without it (clean-up, a pump that others share, a cached promise) goes on,
//   and other waiters of a promise are not touched.
// - `co_await Uncancelled(promise)` is not checked: for clean-up that needs a
//   value in an aborted group.
//
// The check is chosen at compile time: coroutines without the parameter are
// made of other code, and pay nothing. Loop-bound.
#ifndef MILLRACE_LOOP_TASK_SIGNAL_H_
#define MILLRACE_LOOP_TASK_SIGNAL_H_

#include <coroutine>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "absl/time/time.h"
#include "loop/abort.h"
#include "loop/promise.h"

namespace millrace {

class TaskSignal : public AbortSignal {
 public:
  TaskSignal() = default;
  // Any signal can be worked for.
  // NOLINTNEXTLINE(google-explicit-constructor)
  TaskSignal(AbortSignal signal) : AbortSignal(std::move(signal)) {}

  // The time until the tightest deadline of the group and those around it;
  // never negative, infinite without one.
  absl::Duration remaining() const;

 private:
  friend class TaskGroup;

  static constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();

  int64_t deadline_ms_ = kNoDeadline;  // by EventLoop::TimeMs()
};

// A promise to await without the check.
template <typename T>
class [[nodiscard]] Uncancelled {
 public:
  explicit Uncancelled(Promise<T> promise) : promise_(std::move(promise)) {}

  auto operator co_await() && {
    return loop_internal::OwningAwaiter<T>(std::move(promise_));
  }

 private:
  Promise<T> promise_;
};

namespace loop_internal {

template <typename Awaiter>
class CheckedAwaiter : public Awaiter {
 public:
  template <typename P>
  CheckedAwaiter(P&& promise, const TaskSignal& signal)
      : Awaiter(std::forward<P>(promise)), signal_(signal) {}

  decltype(auto) await_resume() {
    if constexpr (std::is_void_v<decltype(Awaiter::await_resume())>) {
      Awaiter::await_resume();
      signal_.ThrowIfAborted();
    } else {
      decltype(auto) value = Awaiter::await_resume();
      signal_.ThrowIfAborted();
      return value;
    }
  }

 private:
  const TaskSignal& signal_;  // the frame's
};

template <typename Arg>
inline constexpr bool kIsTaskSignal =
    std::is_same_v<std::remove_cvref_t<Arg>, TaskSignal>;

template <typename T>
struct CheckedCoroutine : CoroutinePromise<T> {
  // Given the coroutine's parameters. Keeps a copy: the body may move its own.
  template <typename... Args>
  explicit CheckedCoroutine(const Args&... args) {
    // So that the base finds the frame, and before it the state.
    static_assert(alignof(CheckedCoroutine) == alignof(CoroutinePromise<T>));
    (Take(args), ...);
  }

  template <typename U>
  auto await_transform(const Promise<U>& promise) {
    return CheckedAwaiter<BorrowingAwaiter<U>>(promise, signal);
  }
  template <typename U>
  auto await_transform(Promise<U>& promise) {
    return CheckedAwaiter<BorrowingAwaiter<U>>(promise, signal);
  }
  template <typename U>
  auto await_transform(Promise<U>&& promise) {
    return CheckedAwaiter<OwningAwaiter<U>>(std::move(promise), signal);
  }
  template <typename A>
  requires(!UnwrapPromise<std::remove_cvref_t<A>>::kIsPromise) A &&
      await_transform(A&& awaitable) {
    return std::forward<A>(awaitable);
  }

  TaskSignal signal;

 private:
  template <typename Arg>
  void Take(const Arg& arg) {
    if constexpr (kIsTaskSignal<Arg>) {
      if (!signal.can_abort()) signal = arg;
    }
  }
};

}  // namespace loop_internal
}  // namespace millrace

template <typename T, typename... Args>
requires(millrace::loop_internal::kIsTaskSignal<Args> ||
         ...) struct std::coroutine_traits<millrace::Promise<T>, Args...> {
  using promise_type = millrace::loop_internal::CheckedCoroutine<T>;
};

#endif  // MILLRACE_LOOP_TASK_SIGNAL_H_
