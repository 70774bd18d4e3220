// What a loop works on at this moment: its activities that are not over, for
// whoever wonders what hangs. Read on demand.
#ifndef MILLRACE_LOOP_LIVE_ACTIVITIES_H_
#define MILLRACE_LOOP_LIVE_ACTIVITIES_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "loop/event_loop.h"

namespace millrace {

struct LiveActivity {
  std::string kind;      // "rpc", "event"
  std::string handler;   // "users.v1.UsersService/CreateUser", or a group
  std::string event;     // "users.v1.UserEvents.Created"; empty for calls
  std::string trace_id;  // 32 digits, or empty
  absl::Duration age;    // since it was made
};

// Of those that were made on the thread of the loop and live still, the oldest
// first. Loop thread.
std::vector<LiveActivity> LiveActivities(EventLoop& loop);

}  // namespace millrace

#endif  // MILLRACE_LOOP_LIVE_ACTIVITIES_H_
