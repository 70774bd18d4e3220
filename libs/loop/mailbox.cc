#include "loop/mailbox.h"

#include <utility>

namespace millrace::loop_internal {

Mailbox::Mailbox(Task wake) : wake_(std::move(wake)) {}

bool Mailbox::Send(Task&& task, ActivityRef activity) {
  std::lock_guard lock(mutex_);
  if (closed_) return false;
  items_.push_back({std::move(task), std::move(activity)});
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

void Mailbox::TakeAll(std::vector<Item>* items) {
  std::lock_guard lock(mutex_);
  items_.swap(*items);
  filled_.store(false, std::memory_order_release);
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
