// How coroutines return and await promises. Part of loop/promise.h.
#ifndef MILLRACE_LOOP_PROMISE_AWAIT_H_
#define MILLRACE_LOOP_PROMISE_AWAIT_H_

#include "loop/promise.h"

namespace millrace::loop_internal {

// Settles `target` as `source` does, at the pace of resolve(promise): one
// microtask to subscribe, one to be told.
template <typename T>
struct Adoption : Reaction, Pooled {
  Adoption(State<T>* to, Promise<T> from)
      : target(to), source(std::move(from)) {
    target->Ref();
    target->Lock();
    source.state()->MarkHandled();
    Microtasks::Mine().Push({&Adoption::Subscribe, static_cast<Reaction*>(this),
                             CaptureActivity()});
  }

  static void Subscribe(void* self, Fate fate) {
    if (fate == Fate::kDrop) return Finish(self, fate);
    auto* adoption = static_cast<Adoption*>(static_cast<Reaction*>(self));
    adoption->run = &Adoption::Finish;
    adoption->source.state()->AddReaction(adoption);
  }
  static void Finish(void* self, Fate fate) {
    auto* adoption = static_cast<Adoption*>(static_cast<Reaction*>(self));
    const StateRef<State<T>> target(adoption->target);
    const Promise<T> source = std::move(adoption->source);
    delete adoption;
    if (fate == Fate::kDrop) return target->Abandon();
    if (source.rejected()) {
      target->Reject(source.state()->error());
    } else if constexpr (std::is_void_v<T>) {
      target->Resolve();
    } else if constexpr (std::is_copy_constructible_v<T>) {
      target->Resolve(std::as_const(source.state()->value()));
    } else {
      target->Resolve(std::move(source.state()->value()));
    }
  }

  State<T>* target;
  Promise<T> source;
};

// FAILED_PRECONDITION: what JavaScript calls a chaining cycle.
std::exception_ptr ResolvedWithItself();

// Resolves `target` with a promise.
template <typename T>
void Adopt(State<T>* target, Promise<T> promise) {
  if (promise.state() == target) [[unlikely]] {
    return target->Reject(ResolvedWithItself());
  }
  new Adoption<T>(target, std::move(promise));
}

#ifdef __clang__
// Does not suspend, in a way that the compiler does not see through: clang,
// when it optimizes, puts the frame of a coroutine that surely ends where it
// begins on the stack and leaves out `operator new`, as the language allows,
// with which the state below would be left out, too.
struct BeginAtOnce {
  bool await_ready() const noexcept {
    bool ready = true;
    asm volatile("" : "+r"(ready));
    return ready;
  }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept {}
};
#else
using BeginAtOnce = std::suspend_never;
#endif

// What a coroutine and its promise share: a block with the state, and behind it
// the frame. The frame destroys itself when the body has ended; the result
// lives on in the state, and the block as long as that.
template <typename T>
struct alignas(void*) CoroutineBase {
  static void* operator new(size_t frame_bytes) {
    const size_t bytes = kFrameOffset + frame_bytes;
    auto* const block = static_cast<char*>(AllocateBlock(bytes));
    ::new (block) State<T>(bytes);
    return block + kFrameOffset;
  }
  static void operator delete(void* frame, size_t) { StateOf(frame)->Unref(); }

  CoroutineBase() = default;
  CoroutineBase(const CoroutineBase&) = delete;
  CoroutineBase& operator=(const CoroutineBase&) = delete;

#ifdef NDEBUG
  Promise<T> get_return_object() {
    state()->Ref();
    return Promise<T>(state());
  }
#else
  ~CoroutineBase() { state()->SetFrame(nullptr); }
  // The location is the coroutine's.
  Promise<T> get_return_object(
      std::source_location where = std::source_location::current()) {
    record.Begin(where);
    state()->SetFrame(&record);
    state()->Ref();
    return Promise<T>(state());
  }
  FrameRecord record;
#endif
  BeginAtOnce initial_suspend() const noexcept { return {}; }
  std::suspend_never final_suspend() const noexcept { return {}; }
  void unhandled_exception() { state()->Reject(std::current_exception()); }

 protected:
  State<T>* state() {
    using Derived = CoroutinePromise<T>;
    return StateOf(std::coroutine_handle<Derived>::from_promise(
                       static_cast<Derived&>(*this))
                       .address());
  }

 private:
  static constexpr size_t kFrameOffset =
      (sizeof(State<T>) + __STDCPP_DEFAULT_NEW_ALIGNMENT__ - 1) &
      ~(__STDCPP_DEFAULT_NEW_ALIGNMENT__ - 1);

  static State<T>* StateOf(void* frame) {
    return reinterpret_cast<State<T>*>(static_cast<char*>(frame) -
                                       kFrameOffset);
  }
};

template <typename T>
struct CoroutinePromise : CoroutineBase<T> {
  template <typename U = T>
  void return_value(U&& value) {
    this->state()->Resolve(std::forward<U>(value));
  }
  void return_value(Promise<T> promise) {
    Adopt(this->state(), std::move(promise));
  }
};

template <>
struct CoroutinePromise<void> : CoroutineBase<void> {
  void return_void() { state()->Resolve(); }
};

template <typename T>
class AwaiterBase : public Reaction {
 public:
  bool await_ready() const noexcept { return false; }

 protected:
  void Wait(State<T>* state, std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    run = &AwaiterBase::Resume;
    if (coroutine_waits != nullptr) [[unlikely]]
      List(state);
    state->AddReaction(this);
  }

 private:
  static void Resume(void* self, Fate fate) {
    const std::coroutine_handle<> coroutine =
        static_cast<AwaiterBase*>(static_cast<Reaction*>(self))->waiter_;
    if (fate == Fate::kDrop) return LeaveSuspended(coroutine.address());
    coroutine.resume();
  }
  [[gnu::noinline]] void List(const State<T>* state) {
    if (!state->pending()) return;  // it goes on in this turn
    BeginWait(this, state, waiter_.address());
    run = [](void* self, Fate fate) {
      EndWait(static_cast<Reaction*>(self));
      Resume(self, fate);
    };
  }

  std::coroutine_handle<> waiter_;
};

template <typename T>
class BorrowingAwaiter : public AwaiterBase<T> {
 public:
  explicit BorrowingAwaiter(const Promise<T>& promise) : promise_(promise) {}

  void await_suspend(std::coroutine_handle<> waiter) {
    this->Wait(promise_.state(), waiter);
  }
  decltype(auto) await_resume() const {
    State<T>* const state = promise_.state();
    if (state->rejected()) std::rethrow_exception(state->error());
    if constexpr (!std::is_void_v<T>) {
      return static_cast<const T&>(state->value());
    }
  }

 private:
  const Promise<T> promise_;
};

template <typename T>
class OwningAwaiter : public AwaiterBase<T> {
 public:
  explicit OwningAwaiter(Promise<T> promise) : promise_(std::move(promise)) {}

  void await_suspend(std::coroutine_handle<> waiter) {
    this->Wait(promise_.state(), waiter);
  }
  T await_resume() {
    State<T>* const state = promise_.state();
    if (state->rejected()) std::rethrow_exception(state->error());
    if constexpr (!std::is_void_v<T>) {
      if constexpr (std::is_copy_constructible_v<T>) {
        if (!promise_.unique()) return state->value();
      }
      return std::move(state->value());
    }
  }

 private:
  Promise<T> promise_;
};

}  // namespace millrace::loop_internal

namespace millrace {

template <typename T>
void Deferred<T>::Resolve(Promise<T> promise) const {
  if (open()) loop_internal::Adopt(state_.get(), std::move(promise));
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_PROMISE_AWAIT_H_
