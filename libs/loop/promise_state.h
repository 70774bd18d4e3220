// The shared state behind Promise<T> and Deferred<T>. Private to loop.
//
// Counted without atomics: it belongs to the thread of the loop it was made
// on. Settling only queues the reactions, as microtasks, in their order.
#ifndef MILLRACE_LOOP_PROMISE_STATE_H_
#define MILLRACE_LOOP_PROMISE_STATE_H_

#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

#include "loop/block_pool.h"
#include "loop/debug_checks.h"
#include "loop/microtasks.h"

namespace millrace::loop_internal {

// Something that waits for a promise: a link that its owner embeds. `run` is
// called once, as a microtask, or to be dropped.
struct Reaction {
  void (*run)(void* self, Fate fate) = nullptr;
  Reaction* next = nullptr;
  Activity* activity = nullptr;  // a reference, from AddReaction() to run
};

class CoroutineWaits;
class StateBase;

// Null unless the coroutines of the thread's loop are listed
// (coroutine_waits.h): then each wait for a promise that is pending is told.
extern constinit thread_local CoroutineWaits* coroutine_waits;
void BeginWait(const Reaction* awaiter, const StateBase* awaited, void* frame);
void EndWait(const Reaction* awaiter);

// A coroutine's loop has ended before it: the frame stays as it is, since what
// its locals would use may be gone. Tells the leak checker so.
void LeaveSuspended(void* frame);

// Lives at the beginning of a block of its own, or of one that it shares with
// the frame of the coroutine that settles it; the block goes with the state.
class StateBase {
 public:
  static void* operator new(size_t bytes) { return AllocateBlock(bytes); }
  // Of one that could not be made; others go by Unref().
  static void operator delete(void* state, size_t bytes) {
    FreeBlock(state, bytes);
  }
  StateBase(const StateBase&) = delete;
  StateBase& operator=(const StateBase&) = delete;

  void Ref() { ++refs_; }
  void Unref() {
    if (--refs_ == 0) {
      const size_t bytes = block_bytes_;
      this->~StateBase();
      FreeBlock(this, bytes);
    } else {
      CheckAwaited();
    }
  }
  bool unique() const { return refs_ == 1; }
  // Of the block that it begins.
  size_t block_bytes() const { return block_bytes_; }

  bool pending() const { return status_ == Status::kPending; }
  bool fulfilled() const { return status_ == Status::kFulfilled; }
  bool rejected() const { return status_ == Status::kRejected; }
  bool handled() const { return handled_; }
  void MarkHandled() {
    handled_ = true;
    if (reported_) TellHandled();
  }
  // It was told that nobody waits.
  void MarkReported() { reported_ = true; }
  const std::exception_ptr& error() const { return error_; }

  // The caller keeps the state alive until `reaction` has run.
  void AddReaction(Reaction* reaction) {
    reaction->activity = CaptureActivity();
    if (!pending()) {
      MarkHandled();
      return Queue(reaction);
    }
    handled_ = true;
    if (last_ == nullptr) {
      reaction->next = reaction;
    } else {
      reaction->next = last_->next;
      last_->next = reaction;
    }
    last_ = reaction;
  }

  void Reject(std::exception_ptr error);

  // Deferreds on this state. When the last one is dropped while the promise is
  // pending, whoever waits for it is told.
  void AddResolver() { ++resolvers_; }
  void DropResolver() {
    if (--resolvers_ == 0 && pending() && !locked_ && refs_ > 1) Abandon();
  }
  // It will never be settled: rejects it for those who wait.
  void Abandon();

#ifdef NDEBUG
  void LetGo() {}
#else
  // The coroutine that settles it, until it ends.
  void SetFrame(const FrameRecord* frame) { frame_ = frame; }
  // Nobody is to wait for it.
  void LetGo() { frame_ = nullptr; }
#endif

  // Resolve(promise) was called: later calls do nothing although it is pending.
  bool locked() const { return locked_; }
  void Lock() { locked_ = true; }

 protected:
  enum class Status : uint8_t { kPending, kFulfilled, kRejected };

  explicit StateBase(size_t block_bytes)
      : block_bytes_(static_cast<uint32_t>(block_bytes)) {}
  virtual ~StateBase() = default;

  void Settle(Status status) {
    status_ = status;
    if (last_ != nullptr) QueueAll();
  }

 private:
  void Queue(Reaction* reaction) {
    if (Microtasks::Current() != queue_ || queue_ == nullptr) WrongThread();
    queue_->Push({reaction->run, reaction, reaction->activity});
  }
#ifdef NDEBUG
  void CheckAwaited() {}
#else
  // Only the coroutine itself is left to know of it.
  void CheckAwaited() {
    if (refs_ > 1 || frame_ == nullptr || handled_ || !pending()) return;
    std::exchange(frame_, nullptr)->NobodyAwaits();
  }
  const FrameRecord* frame_ = nullptr;
#endif
  [[noreturn]] static void WrongThread();
  void TellHandled();
  Reaction* TakeReactions();
  void QueueAll();

  uint32_t refs_ = 1;
  uint32_t resolvers_ = 0;
  const uint32_t block_bytes_;
  Status status_ = Status::kPending;
  bool handled_ = false;
  bool reported_ = false;
  bool locked_ = false;
  Microtasks* const queue_ = Microtasks::Current();  // of the owning loop
  Reaction* last_ = nullptr;                         // of a ring, first to last
  std::exception_ptr error_;
};

template <typename T>
class State : public StateBase {
 public:
  explicit State(size_t block_bytes = sizeof(State)) : StateBase(block_bytes) {}
  ~State() override {
    if (fulfilled()) value_.~T();
  }

  template <typename... Args>
  void Resolve(Args&&... args) {
    new (&value_) T(std::forward<Args>(args)...);
    Settle(Status::kFulfilled);
  }
  T& value() { return value_; }

 private:
  union {
    T value_;
  };
};

template <>
class State<void> : public StateBase {
 public:
  explicit State(size_t block_bytes = sizeof(State)) : StateBase(block_bytes) {}

  void Resolve() { Settle(Status::kFulfilled); }
};

// A counted pointer to a state.
template <typename S>
class StateRef {
 public:
  StateRef() = default;
  // Takes over one reference.
  explicit StateRef(S* state) : state_(state) {}
  StateRef(const StateRef& other) : state_(other.state_) {
    if (state_ != nullptr) state_->Ref();
  }
  StateRef(StateRef&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)) {}
  StateRef& operator=(StateRef other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~StateRef() {
    if (state_ != nullptr) state_->Unref();
  }

  S* operator->() const { return state_; }
  S* get() const { return state_; }
  explicit operator bool() const { return state_ != nullptr; }

 private:
  S* state_ = nullptr;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_PROMISE_STATE_H_
