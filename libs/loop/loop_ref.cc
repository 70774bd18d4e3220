#include "loop/loop_ref.h"

#include "loop/loop_impl.h"
#include "loop/mailbox.h"

namespace millrace {

LoopRef::LoopRef(EventLoop& loop) : mailbox_(loop.impl().mailbox) {}

LoopRef LoopRef::Current() {
  EventLoop* loop = EventLoop::Current();
  if (loop == nullptr) {
    loop_internal::Fatal("LoopRef::Current() on a thread without an EventLoop");
  }
  return LoopRef(*loop);
}

bool LoopRef::Post(Task&& task) const {
  return mailbox_ != nullptr && mailbox_->Send(std::move(task));
}

bool LoopRef::current() const {
  EventLoop* loop = EventLoop::Current();
  return loop != nullptr && loop->impl().mailbox == mailbox_;
}

namespace loop_internal {

absl::Status LoopIsGone() {
  return absl::UnavailableError("the loop that was called has ended");
}

}  // namespace loop_internal

}  // namespace millrace
