// A loop's time for simulations: it stands still while anything can be done,
// and when nothing can it is at once what the next timer waits for. Hours pass
// in milliseconds, and what happens is a function of what the program does.
//
// For loops with timers, promises and posted tasks. Work on other threads (the
// loop's worker pool, databases) is waited for, with time standing still; what
// comes in by sockets and files is not seen.
//
// Made on the loop's thread before its first timer, destroyed there before the
// loop.
#ifndef MILLRACE_LOOP_TESTING_VIRTUAL_TIME_H_
#define MILLRACE_LOOP_TESTING_VIRTUAL_TIME_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "absl/time/time.h"
#include "base/clock.h"
#include "loop/event_loop.h"
#include "loop/poll_source.h"

namespace millrace {

class VirtualTime final : public Clock, private PollSource {
 public:
  // `start` is what the clock on the wall shows at first.
  VirtualTime(EventLoop& loop, absl::Time start);
  ~VirtualTime() override;
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;

  // The clock on the wall, which is EventLoop::Now() too. Any thread.
  absl::Time Now() const override;
  // Sets that clock forward or back; timers do not go by it.
  void SetWallBy(absl::Duration change);

  // How much time has passed since the start.
  absl::Duration elapsed() const { return absl::Milliseconds(now_ms_); }

 private:
  int RunReady(int) override { return 0; }
  void Sleep(int backend_fd, std::optional<absl::Duration> timeout) override;
  void Wake() override;
  bool OthersWork() const;

  EventLoop& loop_;
  int64_t now_ms_ = 0;
  std::atomic<int64_t> wall_ms_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_TESTING_VIRTUAL_TIME_H_
