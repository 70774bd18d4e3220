// What a loop still has open, for whoever wonders why it does not end or what
// leaks: read on demand, and by the runtime at exit. Nothing is recorded for it
// but where a handle was made.
#ifndef MILLRACE_LOOP_LIVE_HANDLES_H_
#define MILLRACE_LOOP_LIVE_HANDLES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "loop/event_loop.h"

namespace millrace {

struct LiveHandle {
  // "tcp", "poll", "signal" and other kinds of libuv handles, one entry each;
  // and by count "timer" (for each delay), "immediate", "close callback",
  // "posted task" and the names of EventLoop::AddRef().
  std::string kind;
  std::string detail;    // "listens on 127.0.0.1:8080", "250 ms"; may be empty
  std::string where;     // "server.cc:50"; empty when that is not known
  std::string activity;  // the handler it was made under, or empty
  int64_t count = 1;
  bool refed = true;     // keeps Run() from ending
  bool closing = false;  // waits for its close callback
};

// Loop thread. Not the loop's own handles.
std::vector<LiveHandle> LiveHandles(EventLoop& loop);

}  // namespace millrace

#endif  // MILLRACE_LOOP_LIVE_HANDLES_H_
