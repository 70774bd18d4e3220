// What work waits for: a note for each wait that is not over, made by what lets
// others wait (a database, calls of other processes, the pool, timers) and
// listed beside the activity that waits (live_activities.h), for whoever
// wonders where it hangs.
//
//   const WaitNote waits("call", "users:9090 ", method.path);
//   co_return co_await channel.Unary(method, call, request);
//
// Listed on the thread that made it, which also ends it. Keeps its activity
// alive, as what it notes does. Takes a reading of the clock and a copy of the
// text, which is cut to kTextBytes, and no memory but its own.
#ifndef MILLRACE_LOOP_WAIT_NOTE_H_
#define MILLRACE_LOOP_WAIT_NOTE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "loop/activity.h"

namespace millrace {

class WaitNote {
 public:
  static constexpr size_t kTextBytes = 127;

  // `kind` is a literal: "statement", "call", "timer". What is waited for is
  // `what` with `more` behind it. For the current activity, if there is one.
  explicit WaitNote(const char* kind, std::string_view what,
                    std::string_view more = {});
  virtual ~WaitNote();
  WaitNote(const WaitNote&) = delete;
  WaitNote& operator=(const WaitNote&) = delete;

  const char* kind() const { return kind_; }
  // What is waited for at this moment.
  virtual std::string what() const;
  // Null when nobody is known on whose behalf.
  const Activity* activity() const { return activity_.get(); }
  // In nanoseconds of the monotonic clock.
  int64_t start() const { return start_; }

  // Of the calling thread, in no order.
  static void ForEach(absl::FunctionRef<void(const WaitNote&)> take);

 private:
  const char* const kind_;
  const ActivityRef activity_;
  const int64_t start_;
  uint8_t size_ = 0;
  std::array<char, kTextBytes> text_;
  // In the list of the thread.
  WaitNote* next_;
  WaitNote** link_;  // what points to this
};

namespace loop_internal {

// For who lets an activity wait for a time; kept by what ends the wait. Null
// when there is no activity, so that timers of nobody cost nothing.
std::shared_ptr<const WaitNote> NoteTimer(absl::Duration delay);

}  // namespace loop_internal
}  // namespace millrace

#endif  // MILLRACE_LOOP_WAIT_NOTE_H_
