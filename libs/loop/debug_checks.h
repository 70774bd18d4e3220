// What a debug build, one without NDEBUG, watches of coroutines, and what it
// reports:
//
// - a coroutine whose promise was dropped while it was pending, without that
//   anybody had begun to wait for it: co_await it, give it to a TaskGroup, or
//   say Detach() when nobody is to wait;
// - the coroutines that are suspended when their loop ends: they outlive what
//   they use, are never resumed and never unwound.
//
// Both name the coroutine's function and file; the line is where it ends. In
// other builds nothing of this exists and nothing is paid for it. Loop-bound.
#ifndef MILLRACE_LOOP_DEBUG_CHECKS_H_
#define MILLRACE_LOOP_DEBUG_CHECKS_H_

#include <cstddef>
#include <source_location>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"

namespace millrace {

class EventLoop;

struct DebugReport {
  enum class Kind { kNobodyAwaits, kOutlivesLoop };
  Kind kind;
  std::string text;
  size_t coroutines;  // that the report is about
};

// Must not throw; may be called inside a destructor.
using DebugReportHandler = absl::AnyInvocable<void(const DebugReport&)>;

// Without a handler a report is a line on stderr. Never called in a build with
// NDEBUG.
void OnDebugReport(EventLoop& loop, DebugReportHandler handler);

namespace loop_internal {

#ifdef NDEBUG

struct DebugChecks {
  void LoopEnds() {}
};

#else

class DebugChecks;

// In each coroutine's frame: a link of its loop's ring.
class FrameRecord {
 public:
  FrameRecord() = default;
  ~FrameRecord() { Unlink(); }
  FrameRecord(const FrameRecord&) = delete;
  FrameRecord& operator=(const FrameRecord&) = delete;

  // On a thread without a loop the frame is not watched.
  void Begin(std::source_location where);
  void NobodyAwaits() const;

 private:
  friend class DebugChecks;

  void Unlink();

  std::source_location where_;
  FrameRecord* prev_ = this;
  FrameRecord* next_ = this;
};

// One for each loop, which its thread finds through `debug_checks`.
class DebugChecks {
 public:
  DebugChecks();
  ~DebugChecks();
  DebugChecks(const DebugChecks&) = delete;
  DebugChecks& operator=(const DebugChecks&) = delete;

  void SetHandler(DebugReportHandler handler) { handler_ = std::move(handler); }
  // Nothing will run any more.
  void LoopEnds();

 private:
  friend class FrameRecord;

  void Report(const DebugReport& report);

  FrameRecord frames_;
  DebugReportHandler handler_;
};

// Null on a thread without a loop.
extern constinit thread_local DebugChecks* debug_checks;

#endif

}  // namespace loop_internal
}  // namespace millrace

#endif  // MILLRACE_LOOP_DEBUG_CHECKS_H_
