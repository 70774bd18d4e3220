#include "loop/activity.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "loop/activity_table.h"
#include "loop/microtasks.h"
#include "loop/monotonic.h"
#include "loop/timeline_track.h"

namespace millrace {
namespace loop_internal {

constinit thread_local std::atomic<Activity*> current_activity{nullptr};

}  // namespace loop_internal

Activity::Text::Text(std::string_view text)
    : size(static_cast<uint8_t>(std::min(text.size(), kTextBytes))) {
  std::copy_n(text.data(), size, bytes.data());  // none of a null view
}

Activity::Activity(const Names& names)
    : sampled_(names.sampled),
      kind_(names.kind),
      trace_id_(names.trace_id),
      span_id_(names.span_id),
      parent_span_id_(names.parent_span_id),
      whole_(names.cause == nullptr ? nullptr : &names.cause->whole()),
      start_(loop_internal::MonotonicNs()),
      handler_(names.handler),
      event_(names.event) {
  // Four blocks of the pool's.
  static_assert(sizeof(Activity) <= 256);
  if (whole_ != nullptr) {
    whole_->Ref();
    if (whole_->parts_ < kCountedParts) ++whole_->parts_;
  }
  loop_internal::ActivityTable::Mine().Add(this, trace_id_);
}

Activity::~Activity() {
  loop_internal::ActivityTable::Mine().Remove(this);
  if (loop_internal::TimelineTrack* track = loop_internal::thread_track) {
    // No two of a kind begin in one nanosecond.
    track->Span(kind_, handler(), event(), start_,
                static_cast<uint64_t>(start_));
  }
  if (whole_ != nullptr) whole_->Unref();
}

std::string Activity::HexOf(const TraceId& id) {
  if (id == TraceId{}) return "";
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(id.data()), id.size()));
}

ActivityRef Activity::Make(const Names& names) {
  return ActivityRef(new Activity(names));
}

ActivityScope::ActivityScope(ActivityRef activity)
    : activity_(std::move(activity)), before_(Activity::Current()) {
  CheckPlace();
  loop_internal::EnterActivity(activity_.get());
  if (loop_internal::thread_track != nullptr && activity_) {
    began_ = loop_internal::MonotonicNs();
  }
}

ActivityScope::~ActivityScope() {
  if (began_ != 0 && loop_internal::thread_track != nullptr) {
    loop_internal::thread_track->Slice(activity_->kind(), activity_->handler(),
                                       activity_->event(), began_);
  }
  loop_internal::EnterActivity(before_);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

void ActivityScope::CheckPlace() const {
#ifndef __SANITIZE_ADDRESS__  // which may keep locals elsewhere
  // A coroutine's locals are in its frame, which is on the heap.
  constexpr uintptr_t kFrameBytes = uintptr_t{1} << 20;
  const auto frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (reinterpret_cast<uintptr_t>(this) - frame > kFrameBytes) {
    loop_internal::Fatal(
        "an ActivityScope was made in a coroutine; make it in a block of a "
        "function that does not suspend");
  }
#endif
}

}  // namespace millrace
