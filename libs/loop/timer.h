// Handles of timers and immediates: small, copyable, and only handles. To drop
// one cancels nothing. Made by EventLoop; used on the loop's thread. They may
// outlive the loop and then do nothing.
//
// A timer's callback lives until the timer is cleared or has fired and the last
// handle is gone: Refresh() can start a fired one again. A callback that owns
// the object that keeps the handle is therefore a cycle until Clear().
#ifndef MILLRACE_LOOP_TIMER_H_
#define MILLRACE_LOOP_TIMER_H_

#include <utility>

namespace millrace {

namespace loop_internal {
struct TimerNode;
struct ImmediateNode;
}  // namespace loop_internal

class Timer {
 public:
  Timer() = default;
  Timer(const Timer& other);
  Timer(Timer&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  Timer& operator=(Timer other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~Timer() {
    if (node_ != nullptr) Release(node_);
  }

  // Neither fired nor cleared. An interval is active until it is cleared.
  bool active() const;
  // Cancels it, also from its own callback; an interval ends. Harmless when
  // there is nothing to cancel.
  void Clear();
  // A timer that is not ref'd does not keep the loop running.
  void Ref();
  void Unref();
  // It is active and keeps the loop running.
  bool has_ref() const;
  // Starts the time anew, also of a timer that has fired. One that was cleared
  // after it had fired calls nothing then, but is waited for, as in Node.
  void Refresh();

  // For the files of this module; takes over one reference.
  explicit Timer(loop_internal::TimerNode* node) : node_(node) {}

 private:
  static void Release(loop_internal::TimerNode* node);

  loop_internal::TimerNode* node_ = nullptr;
};

class Immediate {
 public:
  Immediate() = default;
  Immediate(const Immediate& other);
  Immediate(Immediate&& other) noexcept
      : node_(std::exchange(other.node_, nullptr)) {}
  Immediate& operator=(Immediate other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~Immediate() {
    if (node_ != nullptr) Release(node_);
  }

  bool active() const;
  void Clear();
  void Ref();
  void Unref();
  bool has_ref() const;

  explicit Immediate(loop_internal::ImmediateNode* node) : node_(node) {}

 private:
  static void Release(loop_internal::ImmediateNode* node);

  loop_internal::ImmediateNode* node_ = nullptr;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_TIMER_H_
