// Calls back in the poll phase while a descriptor is readable: level-triggered,
// once in each turn. For libraries that signal through a descriptor of theirs.
//
// Loop-bound. Does not own the descriptor, which must stay open until the
// watcher is gone. Keeps the loop running, unless Unref() was called.
#ifndef MILLRACE_LOOP_FD_WATCHER_H_
#define MILLRACE_LOOP_FD_WATCHER_H_

#include <source_location>

#include "loop/event_loop.h"
#include "loop/task.h"

namespace millrace {

class FdWatcher {
 public:
  // Ends the process when the descriptor cannot be watched, as a plain file
  // cannot.
  FdWatcher(EventLoop& loop, int fd, Task on_readable,
            std::source_location where = std::source_location::current());
  ~FdWatcher();
  FdWatcher(const FdWatcher&) = delete;
  FdWatcher& operator=(const FdWatcher&) = delete;

  void Ref();
  void Unref();

 private:
  struct Handle;

  Handle* handle_;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_FD_WATCHER_H_
