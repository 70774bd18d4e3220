// The beat of a loop: which callback it is in, for a watchdog on another
// thread. Private to loop.
//
// The loop's thread writes, with plain stores: the beat is odd inside a
// callback of the outermost level, even between them, and never the same again.
#ifndef MILLRACE_LOOP_PULSE_H_
#define MILLRACE_LOOP_PULSE_H_

#include <atomic>
#include <cstdint>

#include "loop/monotonic.h"
#include "loop/timeline_track.h"

namespace millrace::loop_internal {

class Pulse {
 public:
  // Who sleeps while the loop does.
  class Sleeper {
   public:
    // On the loop's thread.
    virtual void Wake() = 0;

   protected:
    ~Sleeper() = default;
  };

  // The loop's side. A callback lasts, with its drain, until the next one
  // begins or End().
  // `kind` is a literal, for the timeline.
  void Begin(const char* kind) {
    beat_.store((beat_.load(std::memory_order_relaxed) + 2) | 1,
                std::memory_order_relaxed);
    if (parked_.load(std::memory_order_relaxed)) [[unlikely]]
      Unpark();
    if (thread_track != nullptr) [[unlikely]]
      Trace(kind);
  }
  void End() {
    if (thread_track != nullptr) [[unlikely]]
      Trace(nullptr);
    beat_.store((beat_.load(std::memory_order_relaxed) + 1) & ~uint64_t{1},
                std::memory_order_relaxed);
  }

  // On the loop's thread; the sleeper outlives its time here. Null for none.
  void SetSleeper(Sleeper* sleeper) {
    parked_.store(false);
    sleeper_ = sleeper;
  }

  // The sleeper's side. Having parked it must look at the beat once more, some
  // time later, before it sleeps: no fence orders the loop's store of the beat
  // before its load of the flag, but no store stays unseen for milliseconds.
  uint64_t beat() const { return beat_.load(std::memory_order_relaxed); }
  static bool Busy(uint64_t beat) { return (beat & 1) != 0; }
  bool parked() const { return parked_.load(); }
  void Park() { parked_.store(true); }

 private:
  // Closes the callback that is open on the timeline and opens the next.
  static void Trace(const char* kind) {
    TimelineTrack& track = *thread_track;
    if (track.callback != nullptr) {
      track.Slice("callback", track.callback, "", track.callback_began);
    }
    track.callback = kind;
    track.callback_began = MonotonicNs();
  }

  void Unpark() {
    if (parked_.exchange(false) && sleeper_ != nullptr) sleeper_->Wake();
  }

  std::atomic<uint64_t> beat_{0};
  std::atomic<bool> parked_{false};
  Sleeper* sleeper_ = nullptr;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_PULSE_H_
