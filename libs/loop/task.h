// A callback without arguments, move-only: what every queue of the loop holds.
//
// Made of anything that can be called; an empty std::function and the like make
// an empty Task. A function object of two pointers is kept inside, a larger one
// in a block of the loop's pool. Smaller and cheaper to move than
// absl::AnyInvocable: what is trivially copyable moves without a call. May be
// made on one thread and used on another.
#ifndef MILLRACE_LOOP_TASK_H_
#define MILLRACE_LOOP_TASK_H_

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

// Other headers of the loop have it from here.
#include "absl/functional/any_invocable.h"  // IWYU pragma: export
#include "loop/block_pool.h"

namespace millrace {

class Task {
 public:
  Task() = default;
  Task(std::nullptr_t) {}  // NOLINT: as for std::function
  template <typename F>
  requires(!std::is_same_v<std::decay_t<F>, Task> &&
           std::is_invocable_v<std::decay_t<F>&>)
      Task(F&& function) {  // NOLINT: as for std::function
    using Function = std::decay_t<F>;
    if constexpr (std::is_constructible_v<bool, const Function&> &&
                  std::is_constructible_v<Function, std::nullptr_t>) {
      if (!static_cast<bool>(function)) return;
    }
    if constexpr (kInline<Function>) {
      new (storage_) Function(std::forward<F>(function));
      operations_ = &kInside<Function>;
    } else {
      auto* const outside = new Outside<Function>(std::forward<F>(function));
      std::memcpy(storage_, &outside, sizeof outside);
      operations_ = &kOutside<Function>;
    }
  }
  Task(Task&& other) noexcept { Take(other); }
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      Reset();
      Take(other);
    }
    return *this;
  }
  Task& operator=(std::nullptr_t) noexcept {
    Reset();
    return *this;
  }
  ~Task() { Reset(); }

  explicit operator bool() const { return operations_ != nullptr; }

  // Must not be empty.
  void operator()() {
    assert(operations_ != nullptr);
    operations_->call(storage_);
  }

 private:
  static constexpr size_t kBytes = 2 * sizeof(void*);

  struct Operations {
    void (*call)(void* storage);
    void (*move)(void* from, void* to);  // null: the bytes are copied
    void (*destroy)(void* storage);      // null: there is nothing to do
  };

  template <typename F>
  struct Outside : loop_internal::Pooled {
    template <typename G>
    explicit Outside(G&& g) : function(std::forward<G>(g)) {}
    F function;
  };

  template <typename F>
  static constexpr bool kInline =
      sizeof(F) <= kBytes &&
      alignof(F) <= alignof(void*) && std::is_nothrow_move_constructible_v<F>;

  template <typename F>
  static void CallInside(void* storage) {
    static_cast<void>((*static_cast<F*>(storage))());
  }
  template <typename F>
  static void MoveInside(void* from, void* to) {
    auto* const function = static_cast<F*>(from);
    new (to) F(std::move(*function));
    function->~F();
  }
  template <typename F>
  static void DestroyInside(void* storage) {
    static_cast<F*>(storage)->~F();
  }
  template <typename F>
  static constexpr Operations kInside = {
      &CallInside<F>,
      std::is_trivially_copyable_v<F> ? nullptr : &MoveInside<F>,
      std::is_trivially_destructible_v<F> ? nullptr : &DestroyInside<F>};

  template <typename F>
  static Outside<F>* OutsideOf(void* storage) {
    Outside<F>* outside;
    std::memcpy(&outside, storage, sizeof outside);
    return outside;
  }
  template <typename F>
  static void CallOutside(void* storage) {
    static_cast<void>(OutsideOf<F>(storage)->function());
  }
  template <typename F>
  static void DestroyOutside(void* storage) {
    delete OutsideOf<F>(storage);
  }
  template <typename F>
  static constexpr Operations kOutside = {&CallOutside<F>, nullptr,
                                          &DestroyOutside<F>};

  // This one is empty.
  void Take(Task& other) {
    operations_ = std::exchange(other.operations_, nullptr);
    if (operations_ != nullptr && operations_->move != nullptr) {
      operations_->move(other.storage_, storage_);
    } else {
      CopyWords(other.storage_, storage_);
    }
  }
  // Word by word: the words were often stored one by one a moment ago, and a
  // vector load would have to wait until both are out of the store buffer.
  static void CopyWords(const void* from, void* to) {
    uintptr_t words[2];
    std::memcpy(words, from, sizeof words);
    asm("" : "+r"(words[0]), "+r"(words[1]));
    std::memcpy(to, words, sizeof words);
  }
  // Empty before the function object goes, which may look at its owner.
  void Reset() {
    const Operations* const operations = std::exchange(operations_, nullptr);
    if (operations != nullptr && operations->destroy != nullptr) {
      operations->destroy(storage_);
    }
  }

  alignas(void*) unsigned char storage_[kBytes];
  const Operations* operations_ = nullptr;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_TASK_H_
