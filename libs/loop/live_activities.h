// What a loop works on at this moment: its activities that are not over, for
// whoever wonders what hangs. Read on demand.
#ifndef MILLRACE_LOOP_LIVE_ACTIVITIES_H_
#define MILLRACE_LOOP_LIVE_ACTIVITIES_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "loop/event_loop.h"

namespace millrace {

// What an activity waits for (wait_note.h).
struct LiveWait {
  std::string kind;  // "statement", "call", "timer"
  std::string what;
  absl::Duration age;  // since it was begun
};

struct LiveActivity {
  std::string kind;  // "rpc", "event", "emit", "listener"
  // "users.v1.UsersService/CreateUser", a group, or "parcels/shelf"
  std::string handler;
  std::string event;     // "users.v1.UserEvents.Created"; empty for calls
  std::string trace_id;  // 32 digits, or empty
  absl::Duration age;    // since it was made
  // What is noted, the oldest first; none while it runs, and when it waits for
  // something that nobody notes.
  std::vector<LiveWait> waits;
};

// Of those that were made on the thread of the loop and live still, the oldest
// first. Loop thread.
std::vector<LiveActivity> LiveActivities(EventLoop& loop);

// What is waited for on behalf of nobody who is known. Loop thread.
std::vector<LiveWait> OtherWaits(EventLoop& loop);

}  // namespace millrace

#endif  // MILLRACE_LOOP_LIVE_ACTIVITIES_H_
