// A FIFO queue in chunks that are used again: no allocation in the steady
// state, and nothing is moved when it grows. What is taken may push: Pop()
// moves it out first, First leaves it in its place. Not thread-safe.
#ifndef MILLRACE_LOOP_RING_QUEUE_H_
#define MILLRACE_LOOP_RING_QUEUE_H_

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace millrace::loop_internal {

template <typename T>
class RingQueue {
 public:
  RingQueue() = default;
  ~RingQueue() {
    Clear();
    delete first_;
    while (spare_ != nullptr) delete TakeSpare();
  }
  RingQueue(const RingQueue&) = delete;
  RingQueue& operator=(const RingQueue&) = delete;

  bool empty() const { return head_ == tail_; }

  void Push(T&& value) { Emplace(std::move(value)); }

  template <typename... Args>
  void Emplace(Args&&... args) {
    if (tail_ == tail_end_) AddChunk();
    new (tail_) T(std::forward<Args>(args)...);
    ++tail_;
  }

  T Pop() {
    T value(std::move(*head_));
    head_->~T();
    ++head_;
    Passed();
    return value;
  }

  // Takes the first element, as Pop() does, but has it where it is; destroys it
  // at the end. One at a time, and no Pop() meanwhile.
  class First {
   public:
    explicit First(RingQueue& queue) : queue_(queue), element_(queue.head_++) {}
    ~First() {
      element_->~T();
      queue_.Passed();
    }
    First(const First&) = delete;
    First& operator=(const First&) = delete;

    T& operator*() const { return *element_; }
    T* operator->() const { return element_; }

   private:
    RingQueue& queue_;
    T* const element_;
  };

  void Clear() {
    while (!empty()) Pop();
  }

  // Gives the memory of a past burst back.
  void Trim() {
    while (spares_ > kKept) delete TakeSpare();
  }

 private:
  // A chain of ticks goes back and forth between two chunks: they stay in the
  // cache together.
  static constexpr size_t kChunkBytes = 4 * 1024;
  static constexpr size_t kSlots = kChunkBytes / sizeof(T);
  static constexpr size_t kKept = 256;  // spare chunks, 1 MiB
  static_assert(std::is_nothrow_move_constructible_v<T>);

  struct Chunk {
    Chunk() {}  // the slots stay as they are
    T* begin() { return reinterpret_cast<T*>(slots); }
    T* end() { return begin() + kSlots; }

    Chunk* next = nullptr;
    alignas(T) unsigned char slots[kSlots * sizeof(T)];
  };

  // The element before the head is gone.
  void Passed() {
    if (head_ == tail_) {
      // The one chunk that is left is filled from its beginning again.
      head_ = tail_ = first_->begin();
    } else if (head_ == first_->end()) {
      DropFirst();
    }
  }

  void AddChunk() {
    Chunk* chunk = spare_ != nullptr ? TakeSpare() : new Chunk;
    chunk->next = nullptr;
    if (first_ == nullptr) {
      first_ = chunk;
      head_ = chunk->begin();
    } else {
      last_->next = chunk;
    }
    last_ = chunk;
    tail_ = chunk->begin();
    tail_end_ = chunk->end();
  }

  void DropFirst() {
    Chunk* chunk = std::exchange(first_, first_->next);
    head_ = first_->begin();
    chunk->next = std::exchange(spare_, chunk);
    ++spares_;
  }

  Chunk* TakeSpare() {
    --spares_;
    return std::exchange(spare_, spare_->next);
  }

  T* head_ = nullptr;  // in the first chunk
  T* tail_ = nullptr;  // in the last one
  T* tail_end_ = nullptr;
  Chunk* first_ = nullptr;
  Chunk* last_ = nullptr;
  Chunk* spare_ = nullptr;
  size_t spares_ = 0;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_RING_QUEUE_H_
