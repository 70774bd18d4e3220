#include "loop/promise_state.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include "absl/status/status.h"
#include "base/status.h"
#include "loop/promise.h"

namespace millrace::loop_internal {

void StateBase::Reject(std::exception_ptr error) {
  error_ = std::move(error);
  Settle(Status::kRejected);
  if (!handled_ && queue_ != nullptr && Microtasks::Current() == queue_) {
    queue_->PushRejection(this);
  }
}

void StateBase::TellHandled() {
  reported_ = false;
  if (queue_ != nullptr && Microtasks::Current() == queue_) {
    queue_->PushHandled(error_);
  }
}

// First to last, linked by `next`.
Reaction* StateBase::TakeReactions() {
  if (last_ == nullptr) return nullptr;
  Reaction* first = last_->next;
  last_->next = nullptr;
  last_ = nullptr;
  return first;
}

void StateBase::QueueAll() {
  const bool home = queue_ != nullptr && Microtasks::Current() == queue_;
  if (!home && !Microtasks::ended()) WrongThread();
  if (home && last_->next == last_) {
    // Nearly always there is but one.
    Reaction* const only = std::exchange(last_, nullptr);
    only->next = nullptr;
    return queue_->Push({only->run, only, only->activity});
  }
  Reaction* reaction = TakeReactions();
  while (reaction != nullptr) {
    Reaction* next = reaction->next;
    if (home) {
      queue_->Push({reaction->run, reaction, reaction->activity});
    } else {
      // The loop is gone: nothing waits for its turn any more.
      const ActivityRef activity(reaction->activity);
      reaction->run(reaction, Fate::kDrop);
    }
    reaction = next;
  }
}

void StateBase::WrongThread() {
  Fatal(
      "a promise was awaited or settled on a thread that is not its loop's; "
      "use EventLoop::Post() to get there");
}

void StateBase::Abandon() {
  const bool home = queue_ != nullptr && Microtasks::Current() == queue_;
  if (!home && !Microtasks::ended()) return;
  // Without a reaction nobody waits: not worth a report.
  handled_ = true;
  Reject(ErrorFrom(absl::InternalError(
      "a promise was abandoned: its last Deferred was dropped unsettled")));
}

void LeaveSuspended(void* frame) {
#ifdef __SANITIZE_ADDRESS__
  __lsan_ignore_object(frame);
#endif
  static_cast<void>(frame);
}

std::exception_ptr ResolvedWithItself() {
  return ErrorFrom(absl::FailedPreconditionError(
      "a promise was resolved with itself, for which it would wait forever"));
}

std::exception_ptr ErrorFrom(absl::Status status) {
  return std::make_exception_ptr(StatusError(std::move(status)));
}

}  // namespace millrace::loop_internal
