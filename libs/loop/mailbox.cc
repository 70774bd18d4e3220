#include "loop/mailbox.h"

#include <utility>

#include "loop/monotonic.h"

namespace millrace::loop_internal {

Mailbox::Mailbox(Task wake) : wake_(std::move(wake)) {}

bool Mailbox::Send(Task&& task, ActivityRef activity) {
  std::lock_guard lock(mutex_);
  if (closed_) return false;
  if (measuring_ && items_.empty()) first_sent_ = MonotonicNs();
  items_.emplace_back(std::move(task), std::move(activity));
  filled_.store(true, std::memory_order_release);
  if (sleeping_) {
    sleeping_ = false;
    wake_();
  }
  return true;
}

bool Mailbox::BeginSleep() {
  std::lock_guard lock(mutex_);
  sleeping_ = items_.empty();
  return sleeping_;
}

void Mailbox::EndSleep() {
  std::lock_guard lock(mutex_);
  sleeping_ = false;
}

void Mailbox::MeasureWait() {
  std::lock_guard lock(mutex_);
  measuring_ = true;
}

int64_t Mailbox::TakeAll(std::vector<Item>* items) {
  std::lock_guard lock(mutex_);
  items_.swap(*items);
  filled_.store(false, std::memory_order_release);
  return std::exchange(first_sent_, 0);
}

size_t Mailbox::size() const {
  std::lock_guard lock(mutex_);
  return items_.size();
}

void Mailbox::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
}

void Mailbox::SetWake(Task wake) {
  std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

}  // namespace millrace::loop_internal
