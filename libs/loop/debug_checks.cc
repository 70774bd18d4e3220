#include "loop/debug_checks.h"

#include <cstdio>
#include <map>

#include "base/strings.h"
#include "loop/event_loop.h"
#include "loop/loop_impl.h"

namespace millrace {

#ifdef NDEBUG

void OnDebugReport(EventLoop&, DebugReportHandler) {}

#else

namespace loop_internal {

constinit thread_local DebugChecks* debug_checks = nullptr;

namespace {

constexpr size_t kNamed = 20;  // functions in one report

std::string Describe(const std::source_location& where) {
  return StrCat(where.function_name(), " (", where.file_name(), ":",
                where.line(), ")");
}

}  // namespace

void FrameRecord::Begin(std::source_location where) {
  where_ = where;
  if (debug_checks == nullptr) return;
  FrameRecord& anchor = debug_checks->frames_;
  prev_ = anchor.prev_;
  next_ = &anchor;
  prev_->next_ = this;
  anchor.prev_ = this;
}

void FrameRecord::Unlink() {
  prev_->next_ = next_;
  next_->prev_ = prev_;
  prev_ = this;
  next_ = this;
}

void FrameRecord::NobodyAwaits() const {
  if (debug_checks == nullptr) return;
  debug_checks->Report(
      {DebugReport::Kind::kNobodyAwaits,
       StrCat("nobody awaits the promise of ", Describe(where_),
              ", which was dropped while it was pending: co_await it, spawn it "
              "in a TaskGroup, or Detach() it"),
       1});
}

DebugChecks::DebugChecks() { debug_checks = this; }

DebugChecks::~DebugChecks() { debug_checks = nullptr; }

void DebugChecks::LoopEnds() {
  std::map<std::string, size_t> names;
  size_t count = 0;
  // The frames stay; they are no longer this loop's.
  while (frames_.next_ != &frames_) {
    FrameRecord* frame = frames_.next_;
    ++names[Describe(frame->where_)];
    ++count;
    frame->Unlink();
  }
  if (count == 0) return;
  std::string text =
      StrCat(count, count == 1 ? " coroutine was" : " coroutines were",
             " suspended when the loop ended:");
  size_t named = 0;
  for (const auto& [name, times] : names) {
    if (++named > kNamed) {
      StrAppend(&text, "\n  and ", names.size() - kNamed, " functions more");
      break;
    }
    StrAppend(&text, "\n  ", name);
    if (times > 1) StrAppend(&text, ", ", times, " times");
  }
  Report({DebugReport::Kind::kOutlivesLoop, std::move(text), count});
}

void DebugChecks::Report(const DebugReport& report) {
  if (handler_) return handler_(report);
  std::fprintf(stderr, "millrace: debug: %s\n", report.text.c_str());
}

}  // namespace loop_internal

void OnDebugReport(EventLoop& loop, DebugReportHandler handler) {
  loop.AssertThread();
  loop.impl().debug_checks.SetHandler(std::move(handler));
}

#endif

}  // namespace millrace
