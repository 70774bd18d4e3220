#include "loop/task_group.h"

#include <exception>
#include <utility>

#include "base/status.h"

namespace millrace {

class TaskGroup::Core : public std::enable_shared_from_this<Core> {
 public:
  ~Core() {
    // Nobody joined: the error must not be lost.
    if (error_ != nullptr) {
      static_cast<void>(Promise<void>::Reject(std::move(error_)));
    }
  }

  void Follow(const AbortSignal& parent) {
    parent_ = parent.OnAbortReason(
        [this](const absl::Status& reason) { controller_.Abort(reason); });
    if (parent.aborted()) controller_.Abort(parent.reason());
  }

  void Spawn(Promise<void> child) {
    ++running_;
    loop_internal::OnSettled(std::move(child),
                             [core = shared_from_this()](Promise<void> ended) {
                               core->Ended(std::move(ended));
                             });
  }

  Promise<void> Join() {
    if (running_ == 0) Finish();
    return joined_.promise();
  }

  void Wait() { joining_ = true; }

  AbortController& controller() { return controller_; }
  size_t running() const { return running_; }

 private:
  void Ended(Promise<void> child) {
    if (child.rejected()) {
      std::exception_ptr error = child.error();
      if (error_ == nullptr) error_ = error;
      controller_.Abort(StatusFrom(std::move(error)));
    }
    if (--running_ == 0 && joining_) Finish();
  }

  void Finish() {
    parent_.Remove();
    if (error_ != nullptr) {
      joined_.Reject(std::exchange(error_, nullptr));
    } else {
      joined_.Resolve();
    }
  }

  AbortController controller_;
  AbortSubscription parent_;
  size_t running_ = 0;
  bool joining_ = false;
  std::exception_ptr error_;
  Deferred<void> joined_;
};

TaskGroup::TaskGroup() : core_(std::make_shared<Core>()) {}

TaskGroup::TaskGroup(const AbortSignal& parent) : TaskGroup() {
  core_->Follow(parent);
}

AbortSignal TaskGroup::signal() const { return core_->controller().signal(); }

void TaskGroup::Spawn(Promise<void> child) const {
  core_->Spawn(std::move(child));
}

void TaskGroup::Abort(absl::Status reason) const {
  core_->controller().Abort(std::move(reason));
}

size_t TaskGroup::running() const { return core_->running(); }

Promise<void> TaskGroup::Join() const {
  core_->Wait();
  return core_->Join();
}

}  // namespace millrace
