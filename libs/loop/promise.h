// Promise<T>: the asynchronous type of the platform, with JavaScript's rules.
//
// A copyable handle on a shared result that arrives later: a value, or an
// error (an exception; on this platform a StatusError). As the return type of
// a coroutine it makes it an async function: the body runs at once, up to its
// first suspension. A waiter is always resumed as a microtask, never inside
// the call that settles, one microtask after the promise has settled.
//
//   co_await promise             const T&; the promise must stay
//   co_await std::move(promise)  T, moved out when this is the only handle
//   co_await Function()          the same
//
// Rejected: co_await throws the error. A promise that is rejected while nobody
// has begun to wait for it reaches EventLoop::OnUnhandledRejection().
//
// Loop-bound: made, settled, awaited and dropped on one loop's thread. A
// coroutine whose promise never settles is never resumed nor unwound; a
// Deferred that is dropped unsettled rejects its promise, so that only a lost
// handle of something outside can leave a coroutine hanging.
//
// A trap of GCC 12: in a full expression with co_await, a temporary that is
// built without a constructor, a lambda or a braced struct, is copied bitwise.
// One that holds a std::string by value is broken by that (references are
// fine). Give it a name first, or the promise:
//
//   auto promise = pool.Run([name = std::move(name)] { ... });
//   co_await std::move(promise);
#ifndef MILLRACE_LOOP_PROMISE_H_
#define MILLRACE_LOOP_PROMISE_H_

#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "loop/promise_state.h"

namespace millrace {

template <typename T>
class Promise;
template <typename T>
class Deferred;

namespace loop_internal {

// A StatusError with `status`, as it travels in a promise.
std::exception_ptr ErrorFrom(absl::Status status);

template <typename T>
struct CoroutinePromise;
template <typename T>
struct Adoption;
template <typename T>
class OwningAwaiter;
template <typename T>
class BorrowingAwaiter;

template <typename T>
struct UnwrapPromise {
  using Type = T;
  static constexpr bool kIsPromise = false;
};
template <typename T>
struct UnwrapPromise<Promise<T>> {
  using Type = T;
  static constexpr bool kIsPromise = true;
};

}  // namespace loop_internal

template <typename T>
class [[nodiscard]] Promise {
 public:
  using value_type = T;
  using promise_type = loop_internal::CoroutinePromise<T>;

  // No promise at all: only assignment and destruction are allowed.
  Promise() = default;

  // Resolve(T), or Resolve() for void.
  template <typename... Args>
  static Promise Resolve(Args&&... args) {
    auto* state = new State;
    state->Resolve(std::forward<Args>(args)...);
    return Promise(state);
  }
  static Promise Reject(std::exception_ptr error) {
    auto* state = new State;
    state->Reject(std::move(error));
    return Promise(state);
  }
  static Promise Reject(absl::Status status) {
    return Reject(loop_internal::ErrorFrom(std::move(status)));
  }

  bool valid() const { return static_cast<bool>(state_); }
  bool settled() const { return !state_->pending(); }
  bool rejected() const { return state_->rejected(); }
  // The value of a promise that is settled and not rejected.
  decltype(auto) value() const { return (state_->value()); }
  // The error of a rejected promise, which counts as handled from here on.
  std::exception_ptr error() const {
    state_->MarkHandled();
    return state_->error();
  }

  // Calls f(value) when resolved; g(std::exception_ptr) when rejected. Returns
  // the promise of what they return; a promise they return is followed. f gets
  // a moved value when called on the only handle: std::move(p).Then(f).
  template <typename F>
  auto Then(F f) const&;
  template <typename F>
  auto Then(F f) &&;
  template <typename F, typename G>
  auto Then(F f, G g) const&;
  template <typename F, typename G>
  auto Then(F f, G g) &&;
  // Then for the error alone: g returns a T, or a Promise<T>.
  template <typename G>
  Promise Catch(G g) const&;
  template <typename G>
  Promise Catch(G g) &&;
  // Calls f() in any case and waits for the promise that it may return; the
  // result stays, unless f fails.
  template <typename F>
  Promise Finally(F f) const;

  // Nobody is to wait for the coroutine: it ends by itself. Says so to debug
  // builds, see loop/debug_checks.h; a rejection is reported as ever.
  void Detach() && {
    state_->LetGo();
    state_ = {};
  }

  auto operator co_await() const& {
    return loop_internal::BorrowingAwaiter<T>(*this);
  }
  auto operator co_await() && {
    return loop_internal::OwningAwaiter<T>(std::move(*this));
  }

  // For the files of this module.
  using State = loop_internal::State<T>;
  explicit Promise(State* state) : state_(state) {}
  State* state() const { return state_.get(); }
  bool unique() const { return state_->unique(); }

 private:
  loop_internal::StateRef<State> state_;
};

// The side that settles a promise. Copyable; the first call counts, later ones
// do nothing. When the last copy is dropped unsettled, those who wait for the
// promise get INTERNAL "abandoned".
template <typename T>
class Deferred {
 public:
  Deferred() : state_(new State) { state_->AddResolver(); }
  Deferred(const Deferred& other) : state_(other.state_) {
    if (state_) state_->AddResolver();
  }
  Deferred(Deferred&& other) noexcept = default;
  Deferred& operator=(Deferred other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Deferred() {
    if (state_) state_->DropResolver();
  }

  Promise<T> promise() const {
    state_->Ref();
    return Promise<T>(state_.get());
  }
  bool settled() const { return !open(); }

  // Resolve(T), or Resolve() for void. Resolve(Promise<T>) follows that
  // promise, three microtasks after it as in JavaScript; itself it cannot
  // follow, and is rejected with FAILED_PRECONDITION.
  template <typename... Args>
  void Resolve(Args&&... args) const {
    if (open()) state_->Resolve(std::forward<Args>(args)...);
  }
  void Resolve(Promise<T> promise) const;
  void Reject(std::exception_ptr error) const {
    if (open()) state_->Reject(std::move(error));
  }
  void Reject(absl::Status status) const {
    if (open()) state_->Reject(loop_internal::ErrorFrom(std::move(status)));
  }

 private:
  using State = loop_internal::State<T>;
  bool open() const { return state_->pending() && !state_->locked(); }

  loop_internal::StateRef<State> state_;
};

}  // namespace millrace

#include "loop/promise_await.h"  // IWYU pragma: export
#include "loop/promise_then.h"   // IWYU pragma: export

#endif  // MILLRACE_LOOP_PROMISE_H_
