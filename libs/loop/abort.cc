#include "loop/abort.h"

#include <exception>
#include <utility>
#include <vector>

#include "base/status.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "loop/microtasks.h"

namespace millrace {
namespace loop_internal {

// A link of the state's list. The state owns the linked ones; a subscription
// shares its own.
struct AbortListener {
  AbortHandler handler;
  AbortState* state = nullptr;  // null once it is off the list
  AbortListener* prev = nullptr;
  std::shared_ptr<AbortListener> next;
};

class AbortState {
 public:
  ~AbortState() {
    timer.Clear();
    while (first_ != nullptr) Remove(first_.get());
  }

  bool aborted() const { return !reason_.ok(); }
  const absl::Status& reason() const { return reason_; }

  void Add(std::shared_ptr<AbortListener> listener) {
    listener->state = this;
    listener->prev = last_;
    AbortListener* added = listener.get();
    (last_ != nullptr ? last_->next : first_) = std::move(listener);
    last_ = added;
  }

  void Remove(AbortListener* listener) {
    const std::shared_ptr<AbortListener> self =
        std::exchange(listener->prev != nullptr ? listener->prev->next : first_,
                      listener->next);
    if (listener->next != nullptr) {
      listener->next->prev = listener->prev;
    } else {
      last_ = listener->prev;
    }
    listener->next = nullptr;
    listener->prev = nullptr;
    listener->state = nullptr;
    listener->handler = nullptr;
  }

  // The caller keeps the state alive.
  void Abort(absl::Status reason) {
    if (aborted()) return;
    if (reason.ok()) reason = absl::CancelledError("aborted");
    reason_ = std::move(reason);
    timer.Clear();
    while (first_ != nullptr) {
      const std::shared_ptr<AbortListener> listener = first_;
      AbortHandler handler = std::move(listener->handler);
      Remove(listener.get());
      try {
        handler(reason_);
      } catch (...) {
        EventLoop::Current()->NextTick([error = std::current_exception()] {
          std::rethrow_exception(error);
        });
      }
    }
  }

  // What keeps a combined signal informed.
  std::vector<AbortSubscription> sources;
  Timer timer;

 private:
  absl::Status reason_;
  std::shared_ptr<AbortListener> first_;
  AbortListener* last_ = nullptr;
};

}  // namespace loop_internal

using loop_internal::AbortListener;
using loop_internal::AbortState;

AbortSubscription& AbortSubscription::operator=(
    AbortSubscription&& other) noexcept {
  if (this != &other) {
    Remove();
    listener_ = std::move(other.listener_);
  }
  return *this;
}

void AbortSubscription::Remove() {
  const std::shared_ptr<AbortListener> listener = std::move(listener_);
  if (listener == nullptr) return;
  if (listener->state != nullptr) {
    listener->state->Remove(listener.get());
  } else {
    listener->handler = nullptr;
  }
}

bool AbortSignal::aborted() const {
  return state_ != nullptr && state_->aborted();
}

absl::Status AbortSignal::reason() const {
  return state_ == nullptr ? absl::OkStatus() : state_->reason();
}

void AbortSignal::ThrowIfAborted() const {
  if (aborted()) Throw(reason());
}

AbortSubscription AbortSignal::OnAbort(Task task) const {
  return OnAbortReason(
      [task = std::move(task)](const absl::Status&) mutable { task(); });
}

AbortSubscription AbortSignal::OnAbortReason(AbortHandler handler) const {
  if (state_ == nullptr) return AbortSubscription();
  auto listener = std::make_shared<AbortListener>();
  listener->handler = std::move(handler);
  if (state_->aborted()) {
    loop_internal::Microtasks::Mine().PushTask([listener, state = state_] {
      AbortHandler late = std::exchange(listener->handler, nullptr);
      if (late) late(state->reason());
    });
  } else {
    state_->Add(listener);
  }
  return AbortSubscription(std::move(listener));
}

AbortSignal AbortSignal::Any(std::initializer_list<AbortSignal> signals) {
  auto state = std::make_shared<AbortState>();
  for (const AbortSignal& signal : signals) {
    if (signal.aborted()) {
      state->Abort(signal.reason());
      break;
    }
  }
  if (state->aborted()) return AbortSignal(std::move(state));
  for (const AbortSignal& signal : signals) {
    if (!signal.can_abort()) continue;
    // The combined signal goes away with its holders.
    state->sources.push_back(signal.OnAbortReason(
        [weak = std::weak_ptr(state)](const absl::Status& reason) {
          if (const auto target = weak.lock()) target->Abort(reason);
        }));
  }
  return AbortSignal(std::move(state));
}

AbortSignal AbortSignal::Timeout(absl::Duration delay) {
  auto state = std::make_shared<AbortState>();
  if (delay == absl::InfiniteDuration()) return AbortSignal(std::move(state));
  state->timer =
      loop_internal::LongTimeout(delay, [weak = std::weak_ptr(state)] {
        if (const auto target = weak.lock()) {
          target->Abort(absl::DeadlineExceededError("the time is up"));
        }
      });
  state->timer.Unref();
  return AbortSignal(std::move(state));
}

AbortController::AbortController() : state_(std::make_shared<AbortState>()) {}

void AbortController::Abort(absl::Status reason) const {
  const std::shared_ptr<AbortState> state = state_;
  state->Abort(std::move(reason));
}

}  // namespace millrace
