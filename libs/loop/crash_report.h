// What is said when the process ends of itself: on a fatal signal (SIGSEGV,
// SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP, SIGABRT), which std::terminate()
// ends in, too. One line on stderr in the form of the log, then the signal has
// its usual effect: a core file where they are on, and a parent that is told.
//
//   {"ts":"...","level":"error","msg":"the process crashes",
//    "signal":"SIGSEGV","address":"0x0","thread":"users",
//    "handler":"users.v1.UsersService/CreateUser","trace_id":"...",
//    "in_flight":["...","..."],"in_flight_count":2,
//    "base":"0x5581c0a00000","stack":"0x5581c0b12345 users::Create()\n..."}
//
// `handler`, `event` and `trace_id` are of what the thread was doing,
// `in_flight` are the trace ids of the activities (activity.h) that the process
// had begun, at most 64 of them and each once; `in_flight_count` is how many
// activities those are. An address less `base` is one for `addr2line -e
// PROGRAM`. After std::terminate() there is an "error", that of the exception
// nobody caught.
//
// Async-signal-safe: takes no lock and no memory. A crash while this is written
// cuts the line short behind "stack". Lines of the log that were not yet
// written are lost.
#ifndef MILLRACE_LOOP_CRASH_REPORT_H_
#define MILLRACE_LOOP_CRASH_REPORT_H_

#include <cstddef>
#include <memory>

namespace millrace {

// Once in a process, before it has other threads; stays for good. A signal that
// somebody handles already is left to them.
void InstallCrashReport();

// Room for the report of a thread whose stack has overflowed. Made, kept and
// destroyed on that thread; one at a time.
class CrashStack {
 public:
  CrashStack();
  ~CrashStack();
  CrashStack(const CrashStack&) = delete;
  CrashStack& operator=(const CrashStack&) = delete;

 private:
  std::unique_ptr<char[]> stack_;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_CRASH_REPORT_H_
