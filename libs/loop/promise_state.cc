#include "loop/promise_state.h"

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

void StateBase::QueueAll() {
  if (Microtasks::Current() != queue_ || queue_ == nullptr) {
    // What waits for a loop that is gone is never resumed.
    if (Microtasks::ended()) return;
    WrongThread();
  }
  Reaction* first = last_->next;
  last_->next = nullptr;
  last_ = nullptr;
  while (first != nullptr) {
    Reaction* next = first->next;
    queue_->Push({first->run, first});
    first = next;
  }
}

void StateBase::WrongThread() {
  Fatal(
      "a promise was awaited or settled on a thread that is not its loop's; "
      "use EventLoop::Post() to get there");
}

void StateBase::Abandon() {
  if (Microtasks::Current() != queue_ || queue_ == nullptr) return;
  // Without a reaction nobody waits: not worth a report.
  handled_ = true;
  Reject(ErrorFrom(absl::InternalError(
      "a promise was abandoned: its last Deferred was dropped unsettled")));
}

std::exception_ptr ErrorFrom(absl::Status status) {
  return std::make_exception_ptr(StatusError(std::move(status)));
}

}  // namespace millrace::loop_internal
