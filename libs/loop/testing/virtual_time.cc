#include "loop/testing/virtual_time.h"

#include <string_view>

#include "loop/loop_impl.h"

namespace millrace {

VirtualTime::VirtualTime(EventLoop& loop, absl::Time start)
    : loop_(loop), wall_ms_(absl::ToUnixMillis(start)) {
  loop_.impl().timers.FollowClock(&now_ms_);
  loop_.impl().wall_ms = &wall_ms_;
  loop_.SetPollSource(this);
}

VirtualTime::~VirtualTime() {
  loop_.SetPollSource(nullptr);
  loop_.impl().wall_ms = nullptr;
  loop_.impl().timers.FollowClock(nullptr);
}

absl::Time VirtualTime::Now() const { return absl::FromUnixMillis(wall_ms_); }

void VirtualTime::SetWallBy(absl::Duration change) {
  wall_ms_ += absl::ToInt64Milliseconds(change);
}

bool VirtualTime::OthersWork() const {
  for (const auto& ref : loop_.impl().refs.counts()) {
    const std::string_view what = ref.what;
    if (ref.count > 0 && (what == "worker job" || what == "database job" ||
                          what == "closing database")) {
      return true;
    }
  }
  return false;
}

void VirtualTime::Sleep(int, std::optional<absl::Duration> timeout) {
  std::unique_lock lock(mutex_);
  if (timeout.has_value() && !OthersWork()) {
    if (!woken_) {
      const int64_t ms = absl::ToInt64Milliseconds(*timeout);
      now_ms_ += ms;
      wall_ms_ += ms;
    }
  } else {
    changed_.wait(lock, [this] { return woken_; });
  }
  woken_ = false;
}

void VirtualTime::Wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_one();
}

}  // namespace millrace
