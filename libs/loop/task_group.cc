#include "loop/task_group.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"

namespace millrace {
namespace {

// Shown to OnUncaught() in a next tick: this may run inside a destructor.
void ReportLeft(size_t running) {
  EventLoop* loop = EventLoop::Current();
  if (loop == nullptr) return;
  loop->NextTick([running] {
    Throw(absl::InternalError(
        StrCat("a task group was dropped while ", running,
               running == 1 ? " child was" : " children were",
               " running, which are aborted now: co_await Join(), or use "
               "RunGroup()")));
  });
}

}  // namespace

absl::Duration TaskSignal::remaining() const {
  if (deadline_ms_ == kNoDeadline) return absl::InfiniteDuration();
  return absl::Milliseconds(
      std::max<int64_t>(deadline_ms_ - EventLoop::Current()->TimeMs(), 0));
}

class TaskGroup::Core {
 public:
  ~Core() {
    timer_.Clear();
    if (ended_) return;
    // Nobody joined: errors must not be lost, but that it was aborted is none.
    ForgetReason();
    if (first_ != nullptr) {
      static_cast<void>(Promise<void>::Reject(TakeError()));
    }
  }

  void Follow(const TaskSignal& parent, const TaskGroupOptions& options) {
    deadline_ms_ = parent.deadline_ms_;
    if (parent.aborted()) return controller_.Abort(parent.reason());
    parent_ = parent.OnAbortReason(
        [this](const absl::Status& reason) { controller_.Abort(reason); });
    if (options.deadline < parent.remaining()) Limit(options);
  }

  void Begin() {
    if (ended_) {
      Throw(absl::FailedPreconditionError(
          "Spawn() on a task group that has ended"));
    }
    ++running_;
  }

  void Ended(std::exception_ptr error) {
    if (error != nullptr) Failed(std::move(error));
    if (--running_ == 0 && joining_) Finish();
  }

  Promise<void> Join() {
    joining_ = true;
    if (running_ == 0 && !ended_) Finish();
    return joined_.promise();
  }

  void Stop() {
    if (aborted()) return;
    stopped_ = true;
    controller_.Abort(absl::CancelledError("the task group was stopped"));
  }

  void Dropped() {
    if (running_ == 0 || joining_ || aborted()) return;
    ReportLeft(running_);
    Stop();
  }

  const AbortController& controller() const { return controller_; }
  size_t running() const { return running_; }
  int64_t deadline_ms() const { return deadline_ms_; }

 private:
  bool aborted() const { return controller_.signal().aborted(); }

  void Limit(const TaskGroupOptions& options) {
    const absl::Status reason = absl::DeadlineExceededError(
        StrCat("the deadline of ",
               options.name.empty() ? "a task group"
                                    : StrCat("task group ", options.name),
               " (", absl::FormatDuration(options.deadline), ") has passed"));
    if (options.deadline <= absl::ZeroDuration()) {
      return controller_.Abort(reason);
    }
    timer_ = loop_internal::LongTimeout(
        options.deadline,
        [controller = controller_, reason] { controller.Abort(reason); });
    const absl::Duration rounded =
        absl::Ceil(options.deadline, absl::Milliseconds(1));
    deadline_ms_ =
        EventLoop::Current()->TimeMs() + absl::ToInt64Milliseconds(rounded);
  }

  // A group below reports all its errors at once.
  void Failed(std::exception_ptr error) {
    try {
      std::rethrow_exception(error);
    } catch (const GroupError& group) {
      FailedAlone(group.first());
      for (const std::exception_ptr& other : group.others()) FailedAlone(other);
    } catch (...) {
      FailedAlone(std::move(error));
    }
  }

  void FailedAlone(std::exception_ptr error) {
    const absl::Status status = StatusFrom(error);
    if (!aborted()) {
      first_ = std::move(error);
      return controller_.Abort(status);
    }
    const absl::Status reason = controller_.signal().reason();
    if (first_ == nullptr && !stopped_) {
      first_ = loop_internal::ErrorFrom(reason);
      first_is_reason_ = true;
    }
    if (status == reason || status.code() == absl::StatusCode::kCancelled) {
      return;
    }
    if (first_ == nullptr) {
      first_ = std::move(error);
    } else {
      others_.push_back(std::move(error));
    }
  }

  // Leaves what the children failed with themselves.
  void ForgetReason() {
    if (!std::exchange(first_is_reason_, false)) return;
    first_ = nullptr;
    if (others_.empty()) return;
    first_ = std::move(others_.front());
    others_.erase(others_.begin());
  }

  std::exception_ptr TakeError() {
    if (others_.empty()) return std::exchange(first_, nullptr);
    return std::make_exception_ptr(
        GroupError(std::exchange(first_, nullptr), std::exchange(others_, {})));
  }

  void Finish() {
    ended_ = true;
    parent_.Remove();
    timer_.Clear();
    if (first_ != nullptr) {
      joined_.Reject(TakeError());
    } else {
      joined_.Resolve();
    }
  }

  AbortController controller_;
  AbortSubscription parent_;
  Timer timer_;
  int64_t deadline_ms_ = TaskSignal::kNoDeadline;
  size_t running_ = 0;
  bool joining_ = false;
  bool stopped_ = false;
  bool ended_ = false;
  bool first_is_reason_ = false;  // no child's own error
  std::exception_ptr first_;
  std::vector<std::exception_ptr> others_;
  Deferred<void> joined_;
};

// What the copies share; children hold the core alone.
class TaskGroup::Handle {
 public:
  ~Handle() { core->Dropped(); }

  const std::shared_ptr<Core> core = std::make_shared<Core>();
};

TaskGroup::TaskGroup() : handle_(std::make_shared<Handle>()) {}

TaskGroup::TaskGroup(const TaskSignal& parent, TaskGroupOptions options)
    : TaskGroup() {
  handle_->core->Follow(parent, options);
}

TaskSignal TaskGroup::signal() const {
  TaskSignal signal = handle_->core->controller().signal();
  signal.deadline_ms_ = handle_->core->deadline_ms();
  return signal;
}

TaskGroup::Ended TaskGroup::Begin() const {
  handle_->core->Begin();
  return [core = handle_->core](std::exception_ptr error) {
    core->Ended(std::move(error));
  };
}

void TaskGroup::Spawn(Promise<void> child) const {
  Watch(std::move(child), nullptr);
}

void TaskGroup::Abort(absl::Status reason) const {
  handle_->core->controller().Abort(std::move(reason));
}

void TaskGroup::Stop() const { handle_->core->Stop(); }

size_t TaskGroup::running() const { return handle_->core->running(); }

Promise<void> TaskGroup::Join() const { return handle_->core->Join(); }

}  // namespace millrace
