// A FIFO queue on a growing ring: no allocation in the steady state. Popping
// moves the element out first, so that it may push while it runs. Not
// thread-safe.
#ifndef MILLRACE_LOOP_RING_QUEUE_H_
#define MILLRACE_LOOP_RING_QUEUE_H_

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace millrace::loop_internal {

template <typename T>
class RingQueue {
 public:
  RingQueue() = default;
  ~RingQueue() {
    Clear();
    Release();
  }
  RingQueue(const RingQueue&) = delete;
  RingQueue& operator=(const RingQueue&) = delete;

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  void Push(T value) {
    if (size_ == capacity_) Grow();
    new (&data_[(head_ + size_) & (capacity_ - 1)]) T(std::move(value));
    ++size_;
  }

  T Pop() {
    T* front = &data_[head_];
    T value(std::move(*front));
    front->~T();
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
    return value;
  }

  void Clear() {
    while (!empty()) Pop();
  }

  // Gives the memory of a past burst back. Call when empty.
  void Trim() {
    if (capacity_ > kKept) Release();
  }

 private:
  static constexpr size_t kFirst = 64;
  static constexpr size_t kKept = size_t{1} << 16;

  void Grow() {
    const size_t capacity = capacity_ == 0 ? kFirst : capacity_ * 2;
    T* data = std::allocator<T>().allocate(capacity);
    for (size_t i = 0; i < size_; ++i) {
      T* from = &data_[(head_ + i) & (capacity_ - 1)];
      new (&data[i]) T(std::move(*from));
      from->~T();
    }
    const size_t size = size_;
    Release();
    data_ = data;
    capacity_ = capacity;
    size_ = size;
  }

  void Release() {
    if (data_ != nullptr) std::allocator<T>().deallocate(data_, capacity_);
    data_ = nullptr;
    capacity_ = head_ = size_ = 0;
  }

  T* data_ = nullptr;
  size_t capacity_ = 0;  // a power of two, or 0
  size_t head_ = 0;
  size_t size_ = 0;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_RING_QUEUE_H_
