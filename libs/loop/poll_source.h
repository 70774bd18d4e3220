// What a loop sleeps in, when that is not libuv: for example a gRPC completion
// queue. The loop asks it in every turn, inside the poll phase.
//
// RunReady() and Sleep() are called on the loop's thread, Wake() on any. The
// source must outlive its time in EventLoop::SetPollSource().
#ifndef MILLRACE_LOOP_POLL_SOURCE_H_
#define MILLRACE_LOOP_POLL_SOURCE_H_

#include <optional>

#include "absl/time/time.h"

namespace millrace {

class PollSource {
 public:
  virtual ~PollSource() = default;

  // Dispatches completions that are ready, each through EventLoop::Dispatch(),
  // at most `budget` of them; does not wait. Returns how many.
  virtual int RunReady(int budget) = 0;

  // Returns when `backend_fd` is readable, `timeout` has passed, Wake() was
  // called (also before the sleep) or a completion was dispatched. Without a
  // timeout there is none. Returning early is allowed.
  virtual void Sleep(int backend_fd, std::optional<absl::Duration> timeout) = 0;

  // Ends the present or the next Sleep(). Must not call back into the loop.
  virtual void Wake() = 0;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_POLL_SOURCE_H_
