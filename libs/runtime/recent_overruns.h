// The latest callbacks that the watchdog has reported, for the debug page. Any
// thread.
#ifndef MILLRACE_RUNTIME_RECENT_OVERRUNS_H_
#define MILLRACE_RUNTIME_RECENT_OVERRUNS_H_

#include <deque>
#include <mutex>
#include <string>

#include "absl/time/time.h"
#include "loop/watchdog.h"

namespace millrace::runtime {

class RecentOverruns {
 public:
  // The second report of a callback takes the place of the first, whose stack
  // it keeps.
  void Add(const Overrun& overrun);

  // [{"time":"...","loop":"main","ended":false,"seconds":1.5,...}], the latest
  // first.
  std::string ToJson() const;

 private:
  static constexpr size_t kKept = 20;

  struct Entry {
    absl::Time reported;
    Overrun overrun;
  };

  mutable std::mutex mutex_;
  std::deque<Entry> entries_;  // the latest first
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_RECENT_OVERRUNS_H_
