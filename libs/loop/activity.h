// What a loop is doing, and on behalf of whom: one call, one handled event, or
// a part of one: an emit within the process, a listener that it calls.
//
// The current activity follows the work as AsyncLocalStorage does in Node:
// what is begun under it (a wait for a promise, a tick, microtask, timer,
// immediate, close callback or posted task) runs under it again, whoever
// settles the promise. Elsewhere there is none. The watchdog, the timeline and
// the list of live handles name it.
//
//   Promise<void> done;
//   {
//     const ActivityScope scope(Activity::Make({.kind = "rpc", ...}));
//     done = Handle(request);
//   }
//   co_await done;
//
// A scope belongs to a function that does not suspend: in a coroutine it would
// leak into the caller, so the process ends. Loop-bound: counted without
// atomics. Following costs a few instructions per hop, and no memory.
#ifndef MILLRACE_LOOP_ACTIVITY_H_
#define MILLRACE_LOOP_ACTIVITY_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "loop/block_pool.h"

namespace millrace {

class ActivityRef;

class Activity final : public loop_internal::Pooled {
 public:
  using TraceId = std::array<uint8_t, 16>;
  using SpanId = std::array<uint8_t, 8>;

  // Texts are cut to kTextBytes.
  struct Names {
    const char* kind = "";     // a literal: "rpc", "event", "emit", "listener"
    std::string_view handler;  // "users.v1.UsersService/CreateUser", or a group
    std::string_view event;    // "users.v1.UserEvents.Created"; empty for calls
    TraceId trace_id{};        // all zero: none
    SpanId span_id{};          // its own in the trace; all zero: none
    SpanId parent_span_id{};   // all zero: none
    bool sampled = false;      // the trace's flag
    Activity* cause = nullptr;  // what it is a part of; null: a whole
  };
  static constexpr size_t kTextBytes = 95;

  // 32 digits; empty when all is zero.
  static std::string HexOf(const TraceId& id);

  static ActivityRef Make(const Names& names);
  // That of the calling thread; null when there is none.
  static Activity* Current();

  Activity(const Activity&) = delete;
  Activity& operator=(const Activity&) = delete;

  const char* kind() const { return kind_; }
  std::string_view handler() const { return handler_.view(); }
  std::string_view event() const { return event_.view(); }
  const TraceId& trace_id() const { return trace_id_; }
  std::string trace_id_hex() const { return HexOf(trace_id_); }
  const SpanId& span_id() const { return span_id_; }
  const SpanId& parent_span_id() const { return parent_span_id_; }
  bool sampled() const { return sampled_; }
  // When it was made, in nanoseconds of the monotonic clock.
  int64_t start() const { return start_; }

  // The call or event that it is a part of, or itself. Lives as long as its
  // parts do.
  Activity& whole() { return whole_ == nullptr ? *this : *whole_; }
  // How many were made that are parts of it, directly or of its parts; of a
  // whole. Stops at kCountedParts.
  int parts() const { return parts_; }
  static constexpr int kCountedParts = 65'535;

  // Nothing that was begun under it is left, but for one reference.
  bool unique() const { return refs_ == 1; }

  void Ref() { ++refs_; }
  void Unref() {
    if (--refs_ == 0) delete this;
  }

 private:
  // In place: signal handlers read it, and an activity is one block.
  struct Text {
    explicit Text(std::string_view text);
    std::string_view view() const { return {bytes.data(), size}; }

    uint8_t size;
    std::array<char, kTextBytes> bytes;
  };

  explicit Activity(const Names& names);
  ~Activity();

  uint32_t refs_ = 1;
  uint16_t parts_ = 0;
  const bool sampled_;
  const char* const kind_;
  const TraceId trace_id_;
  const SpanId span_id_;
  const SpanId parent_span_id_;
  Activity* const whole_;  // counted; null: this one
  const int64_t start_;
  const Text handler_;
  const Text event_;
};

namespace loop_internal {

// Whoever sets it holds a reference for as long. Atomic for the sake of signal
// handlers on this thread only.
extern constinit thread_local std::atomic<Activity*> current_activity;

// The current activity with a reference for the caller, or null.
inline Activity* CaptureActivity() {
  Activity* activity = current_activity.load(std::memory_order_relaxed);
  if (activity != nullptr) activity->Ref();
  return activity;
}

inline void EnterActivity(Activity* activity) {
  current_activity.store(activity, std::memory_order_release);
}

// After a callback: nothing is current between callbacks.
inline void LeaveActivity() {
  current_activity.store(nullptr, std::memory_order_relaxed);
  // A signal handler must not see one that is about to be deleted.
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

inline void LeaveActivity(Activity* owned) {
  if (owned == nullptr) return;
  LeaveActivity();
  owned->Unref();
}

}  // namespace loop_internal

inline Activity* Activity::Current() {
  return loop_internal::current_activity.load(std::memory_order_relaxed);
}

// A counted pointer, null by default.
class ActivityRef {
 public:
  ActivityRef() = default;
  ActivityRef(const ActivityRef& other) : activity_(other.activity_) {
    if (activity_ != nullptr) activity_->Ref();
  }
  ActivityRef(ActivityRef&& other) noexcept
      : activity_(std::exchange(other.activity_, nullptr)) {}
  ActivityRef& operator=(ActivityRef other) noexcept {
    std::swap(activity_, other.activity_);
    return *this;
  }
  ~ActivityRef() {
    if (activity_ != nullptr) activity_->Unref();
  }

  static ActivityRef Current() {
    return ActivityRef(loop_internal::CaptureActivity());
  }

  Activity* get() const { return activity_; }
  Activity* operator->() const { return activity_; }
  explicit operator bool() const { return activity_ != nullptr; }

  // Takes over one reference.
  explicit ActivityRef(Activity* activity) : activity_(activity) {}

 private:
  Activity* activity_ = nullptr;
};

// Makes an activity (or none) the current one for as long as it lives.
class [[nodiscard]] ActivityScope {
 public:
  explicit ActivityScope(ActivityRef activity);
  ~ActivityScope();
  ActivityScope(const ActivityScope&) = delete;
  ActivityScope& operator=(const ActivityScope&) = delete;
  static void* operator new(size_t) = delete;

 private:
  // Ends the process unless this lives on the stack.
  void CheckPlace() const;

  const ActivityRef activity_;
  Activity* const before_;  // held by whoever made it current
  int64_t began_ = 0;       // on the timeline, or 0
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_ACTIVITY_H_
