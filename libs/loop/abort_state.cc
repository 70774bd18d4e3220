#include "loop/abort_state.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>

#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"

namespace millrace::loop_internal {

void AbortState::List::Add(std::shared_ptr<AbortListener> link) {
  link->prev = last;
  AbortListener* added = link.get();
  (last != nullptr ? last->next : first) = std::move(link);
  last = added;
  ++size;
}

std::shared_ptr<AbortListener> AbortState::List::Take(AbortListener* link) {
  std::shared_ptr<AbortListener> self = std::exchange(
      link->prev != nullptr ? link->prev->next : first, link->next);
  if (link->next != nullptr) {
    link->next->prev = link->prev;
  } else {
    last = link->prev;
  }
  link->next = nullptr;
  link->prev = nullptr;
  link->state = nullptr;
  --size;
  return self;
}

AbortState::~AbortState() {
  timer_.Clear();
  // A handler may own what calls back when it is destroyed: one at a time.
  while (listeners_.first != nullptr) {
    listeners_.Take(listeners_.first.get())->handler = nullptr;
  }
  while (dependents_.first != nullptr) {
    dependents_.Take(dependents_.first.get())->kept = nullptr;
  }
  for (const Source& source : sources_) {
    if (source.link->state != nullptr) {
      source.link->state->Remove(source.link.get());
    }
  }
}

void AbortState::AddListener(std::shared_ptr<AbortListener> listener) {
  listener->state = this;
  listeners_.Add(std::move(listener));
  UpdateKeepers();
  CheckLeak();
}

void AbortState::Remove(AbortListener* link) {
  // Nothing else may keep this, or the link, when it is not needed any more.
  const std::shared_ptr<AbortState> self = weak_from_this().lock();
  List& list = link->is_dependent ? dependents_ : listeners_;
  const std::shared_ptr<AbortListener> taken = list.Take(link);
  taken->handler = nullptr;
  taken->kept = nullptr;
  UpdateKeepers();
}

void AbortState::Follow(const std::shared_ptr<AbortState>& source) {
  if (source->sources_.empty()) return FollowOne(source);
  for (const Source& one : source->sources_) {
    if (const auto state = one.state.lock()) FollowOne(state);
  }
}

void AbortState::FollowOne(const std::shared_ptr<AbortState>& source) {
  for (const Source& known : sources_) {
    if (known.link->state == source.get()) return;
  }
  auto link = std::make_shared<AbortListener>();
  link->is_dependent = true;
  link->state = source.get();
  link->dependent = weak_from_this();
  sources_.push_back({source, link});
  source->dependents_.Add(std::move(link));
  source->UpdateKeepers();
}

void AbortState::Mark(const absl::Status& reason) {
  reason_ = reason;
  timer_.Clear();
  for (const Source& source : std::exchange(sources_, {})) {
    if (source.link->state != nullptr) {
      source.link->state->Remove(source.link.get());
    }
  }
}

void AbortState::Abort(absl::Status reason) {
  if (aborted()) return;
  if (reason.ok()) reason = absl::CancelledError("aborted");
  Mark(reason);
  std::vector<std::shared_ptr<AbortState>> marked;
  while (dependents_.first != nullptr) {
    const auto link = dependents_.Take(dependents_.first.get());
    const auto dependent = link->dependent.lock();
    link->kept = nullptr;
    if (dependent == nullptr || dependent->aborted()) continue;
    dependent->Mark(reason);
    marked.push_back(dependent);
  }
  CallListeners();
  for (const auto& dependent : marked) dependent->CallListeners();
  UpdateKeepers();
}

void AbortState::CallListeners() {
  while (listeners_.first != nullptr) {
    const auto listener = listeners_.Take(listeners_.first.get());
    AbortHandler handler = std::exchange(listener->handler, nullptr);
    try {
      handler(reason_);
    } catch (...) {
      EventLoop::Current()->NextTick([error = std::current_exception()] {
        std::rethrow_exception(error);
      });
    }
  }
}

void AbortState::StartTimer(absl::Duration delay) {
  auto pin = std::make_shared<Pin>();
  pin->state = weak_from_this();
  pin_ = pin;
  timer_ = LongTimeout(delay, [pin = std::move(pin)] {
    if (const auto state = pin->state.lock()) {
      state->Abort(absl::DeadlineExceededError("the time is up"));
    }
  });
  timer_.Unref();
}

void AbortState::UpdateKeepers() {
  const std::shared_ptr<AbortState> self = weak_from_this().lock();
  if (self == nullptr) return;  // being destroyed
  const bool listened = listeners_.first != nullptr && !aborted();
  if (const auto pin = pin_.lock()) {
    const bool needed = listened || (dependents_.first != nullptr);
    pin->kept = needed && !aborted() ? self : nullptr;
  }
  if (listened == kept_by_sources_) return;
  kept_by_sources_ = listened;
  for (const Source& source : sources_) {
    source.link->kept = listened ? self : nullptr;
  }
}

void AbortState::SetMaxListeners(size_t max, AbortLeakHandler warn) {
  max_listeners_ = max;
  warn_ = std::move(warn);
}

void AbortState::CheckLeak() {
  const size_t count = listeners_.size;
  if (max_listeners_ == 0 || count <= max_listeners_ || warned_) return;
  warned_ = true;
  if (warn_) return warn_(count);
  const std::string message = StrCat(
      count, " listeners of one abort signal, more than ", max_listeners_,
      ": a leak? Drop the subscriptions of work that is done, or raise "
      "the limit with SetMaxListeners()");
  if (EventLoop* loop = EventLoop::Current()) {
    return loop->EmitWarning({kLeakWarningName, message});
  }
  std::fprintf(stderr, "millrace: %s: %s\n", kLeakWarningName, message.c_str());
}

}  // namespace millrace::loop_internal
