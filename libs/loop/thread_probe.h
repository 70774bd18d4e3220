// Asks a running thread where it is: its stack and its activity, taken in a
// signal handler on that thread. Private to loop.
//
// The handler takes no lock and no memory: libgcc's unwinder finds its tables
// without either (GCC 12, glibc 2.35). Frame pointers would not do: what blocks
// a loop is mostly inside libc, which has none. A blocking call of the thread
// is interrupted: it is restarted, or ends with EINTR where the kernel always
// does so (poll, nanosleep), see signal(7).
#ifndef MILLRACE_LOOP_THREAD_PROBE_H_
#define MILLRACE_LOOP_THREAD_PROBE_H_

#include <pthread.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "loop/activity.h"

namespace millrace::loop_internal {

class ThreadProbe {
 public:
  struct Answer {
    std::string kind;  // empty, with the next two, without an activity
    std::string handler;
    std::string event;
    Activity::TraceId trace_id{};
    int64_t start = 0;          // of the activity
    std::vector<void*> frames;  // innermost first
  };

  // For the calling thread, one to a thread; destroyed on it.
  ThreadProbe();
  ~ThreadProbe();
  ThreadProbe(const ThreadProbe&) = delete;
  ThreadProbe& operator=(const ThreadProbe&) = delete;

  // On another thread, one at a time. False when there was no answer in time,
  // as when the thread blocks signals or sleeps in the kernel uninterruptibly.
  bool Ask(absl::Duration patience, Answer* answer);

 private:
  enum State { kIdle, kAsked, kAnswering, kAnswered };
  static constexpr int kFrames = 64;

  static void OnSignal(int, siginfo_t*, void* context);
  void Fill(void* context);

  const pthread_t thread_;
  std::atomic<int> state_{kIdle};
  std::array<void*, kFrames> frames_{};
  int depth_ = 0;
  void* interrupted_ = nullptr;  // where the signal came
  bool active_ = false;
  const char* kind_ = nullptr;
  std::array<char, Activity::kTextBytes> handler_{};
  std::array<char, Activity::kTextBytes> event_{};
  size_t handler_size_ = 0;
  size_t event_size_ = 0;
  Activity::TraceId trace_id_{};
  int64_t start_ = 0;
};

// The stack of the calling thread, innermost first, into `frames`; returns its
// depth. Async-signal-safe once it was called outside of a handler.
int WalkStack(void** frames, int capacity);

// Where a signal came, of the context that its handler is given; null where
// that is not known.
void* InterruptedAt(void* context);

// One line for each frame: a function and the offset in it, or a module and
// the offset when its symbols are gone. Any thread; not in signal handlers.
std::vector<std::string> Symbolize(const std::vector<void*>& frames);

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_THREAD_PROBE_H_
