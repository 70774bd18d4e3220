// What a loop did when, written to a file in the Chrome trace event format:
// open it in ui.perfetto.dev or chrome://tracing.
//
// A track for each loop shows its phases, in them its callbacks, and in those
// what ran under an activity, by the name of the handler. Activities as a whole
// are spans of their own, with their waits, from Activity::Make() to the end of
// what was begun under them.
//
// Events are kept in memory and written by a thread of its own, several times a
// second. What comes faster than the buffer takes, or goes beyond the size of
// the file, is dropped and counted. The file is an array whose end may be
// missing, which the format allows: a process that is killed leaves a file that
// opens.
#ifndef MILLRACE_LOOP_TIMELINE_H_
#define MILLRACE_LOOP_TIMELINE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "loop/event_loop.h"

namespace millrace {

class Timeline {
 public:
  struct Options {
    size_t buffered_events = 1 << 16;  // at least 2
    int64_t max_bytes = int64_t{512} << 20;
  };

  // Replaces the file. UNAVAILABLE, with the path, when it cannot be written.
  static absl::StatusOr<std::unique_ptr<Timeline>> Open(const std::string& path,
                                                        const Options& options);
  static absl::StatusOr<std::unique_ptr<Timeline>> Open(
      const std::string& path) {
    return Open(path, Options());
  }
  // Writes the rest. After all recordings.
  ~Timeline();
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  class Impl;

  // A loop is recorded while this lives. Made and destroyed on its thread,
  // before the loop and the timeline.
  class Recording {
   public:
    ~Recording();
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

   private:
    friend class Timeline;
    Recording() = default;
  };
  // One timeline at a time for a loop. Measures the lag of the loop as well.
  [[nodiscard]] std::unique_ptr<Recording> Record(EventLoop& loop,
                                                  const std::string& name);

  // Any thread.
  int64_t dropped() const;

 private:
  explicit Timeline(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_TIMELINE_H_
