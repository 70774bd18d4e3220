// Where the pieces of a loop tell its timeline what they did. Private to loop.
// While nothing is recorded the pointer is null, and asking costs one branch.
#ifndef MILLRACE_LOOP_TIMELINE_TRACK_H_
#define MILLRACE_LOOP_TIMELINE_TRACK_H_

#include <cstdint>
#include <string_view>

namespace millrace::loop_internal {

// Times are MonotonicNs(). `kind` is a literal; other texts are copied.
class TimelineTrack {
 public:
  virtual ~TimelineTrack() = default;

  // Something on this thread, from `begin` until now.
  virtual void Slice(const char* kind, std::string_view name,
                     std::string_view detail, int64_t begin) = 0;
  // Something that was not always on the thread; `id` tells it from others.
  virtual void Span(const char* kind, std::string_view name,
                    std::string_view detail, int64_t begin, uint64_t id) = 0;

  // The callback that is open, for Pulse.
  const char* callback = nullptr;
  int64_t callback_began = 0;
};

// That of the thread's loop.
extern constinit thread_local TimelineTrack* thread_track;

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_TIMELINE_TRACK_H_
