#include "loop/abort.h"

#include <utility>

#include "base/status.h"
#include "loop/abort_state.h"
#include "loop/event_loop.h"
#include "loop/microtasks.h"

namespace millrace {

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
    state_->AddListener(listener);
  }
  return AbortSubscription(std::move(listener));
}

size_t AbortSignal::listener_count() const {
  return state_ == nullptr ? 0 : state_->listener_count();
}

void AbortSignal::SetMaxListeners(size_t max, AbortLeakHandler warn) const {
  if (state_ != nullptr) state_->SetMaxListeners(max, std::move(warn));
}

size_t AbortSignal::max_listeners() const {
  return state_ == nullptr ? 0 : state_->max_listeners();
}

AbortSignal AbortSignal::Aborted(absl::Status reason) {
  auto state = std::make_shared<AbortState>();
  state->Abort(std::move(reason));
  return AbortSignal(std::move(state));
}

AbortSignal AbortSignal::Any(std::initializer_list<AbortSignal> signals) {
  return Any(absl::MakeConstSpan(signals.begin(), signals.size()));
}

AbortSignal AbortSignal::Any(absl::Span<const AbortSignal> signals) {
  for (const AbortSignal& signal : signals) {
    if (signal.aborted()) return Aborted(signal.reason());
  }
  auto state = std::make_shared<AbortState>();
  for (const AbortSignal& signal : signals) {
    if (signal.can_abort()) state->Follow(signal.state_);
  }
  return AbortSignal(std::move(state));
}

AbortSignal AbortSignal::Timeout(absl::Duration delay) {
  auto state = std::make_shared<AbortState>();
  if (delay != absl::InfiniteDuration()) state->StartTimer(delay);
  return AbortSignal(std::move(state));
}

AbortController::AbortController() : state_(std::make_shared<AbortState>()) {}

void AbortController::Abort(absl::Status reason) const {
  const std::shared_ptr<AbortState> state = state_;
  state->Abort(std::move(reason));
}

}  // namespace millrace
