// The coroutines of a loop that wait at this moment, each with what it waits
// for: what a list of goroutines or of asyncio's tasks is elsewhere. For
// whoever wonders what hangs, beside the activities (live_activities.h), which
// say on whose behalf.
#ifndef MILLRACE_LOOP_LIVE_COROUTINES_H_
#define MILLRACE_LOOP_LIVE_COROUTINES_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "loop/event_loop.h"

namespace millrace {

// Keeps the list from now on, or no longer. Off by default: a loop that lists
// pays an entry of a hash table for each wait that is not over at once. What
// waits already is not listed until it waits again. Loop thread.
void ListCoroutines(EventLoop& loop, bool on);

struct LiveCoroutine {
  // Its function, or an address in a binary without symbols.
  std::string function;
  // The function of the coroutine whose promise it waits for; empty when that
  // is somebody else's: a timer's, a socket's, a pool's, a combinator's.
  std::string waits_for;
  absl::Duration age;  // of the wait
  // Of the activity that it belongs to; empty without one.
  std::string handler;
  std::string event;
  std::string trace_id;  // 32 digits
};

// Those that wait, the longest first, at most `most` of them; none while the
// list is not kept. `count` gets how many there are. Loop thread.
std::vector<LiveCoroutine> LiveCoroutines(EventLoop& loop, size_t most = 1000,
                                          size_t* count = nullptr);

}  // namespace millrace

#endif  // MILLRACE_LOOP_LIVE_COROUTINES_H_
