// AbortController and AbortSignal: how work is told that it is not wanted any
// more. The controller aborts, once; signals are copies of one token and are
// handed down. A default-constructed signal never aborts.
//
// Loop-bound. Listeners run inside Abort(), in the order of their addition and
// before those of signals that were made of this one; by then all of these are
// aborted. What a listener throws is thrown again in a next tick, and the
// others run.
//
// A signal lives as long as who holds it, or its controller. One that aborts by
// itself, Timeout() or Any() of such, also lives while it has listeners, so
// that `Once<E>(AbortSignal::Timeout(d))` needs no further holder.
#ifndef MILLRACE_LOOP_ABORT_H_
#define MILLRACE_LOOP_ABORT_H_

#include <cstddef>
#include <initializer_list>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "loop/task.h"

namespace millrace {

namespace loop_internal {
class AbortState;
struct AbortListener;
}  // namespace loop_internal

// A listener that is given the reason.
using AbortHandler = absl::AnyInvocable<void(const absl::Status&)>;

// Is told how many listeners a signal has, when they are too many.
using AbortLeakHandler = absl::AnyInvocable<void(size_t count)>;

// A listener's place. Dropping it removes the listener, unless Keep() was
// called.
class [[nodiscard]] AbortSubscription {
 public:
  AbortSubscription() = default;
  AbortSubscription(AbortSubscription&&) noexcept = default;
  AbortSubscription& operator=(AbortSubscription&& other) noexcept;
  ~AbortSubscription() { Remove(); }

  void Remove();
  // The listener stays for as long as the signal.
  void Keep() { listener_.reset(); }

 private:
  friend class AbortSignal;
  explicit AbortSubscription(
      std::shared_ptr<loop_internal::AbortListener> listener)
      : listener_(std::move(listener)) {}

  std::shared_ptr<loop_internal::AbortListener> listener_;
};

class AbortSignal {
 public:
  AbortSignal() = default;

  bool aborted() const;
  // OK until aborted.
  absl::Status reason() const;
  // Throws the reason as a StatusError.
  void ThrowIfAborted() const;
  // False for a signal that can never abort.
  bool can_abort() const { return state_ != nullptr; }

  // Calls `task` when aborted; in a microtask when that has happened already.
  AbortSubscription OnAbort(Task task) const;
  AbortSubscription OnAbortReason(AbortHandler handler) const;

  // Listeners that wait for the abort.
  size_t listener_count() const;
  // More listeners than this are reported once, by a line on stderr unless
  // there is a `warn`. 0 is no limit, as signals have it unless told otherwise.
  void SetMaxListeners(size_t max, AbortLeakHandler warn = nullptr) const;
  size_t max_listeners() const;

  // Aborted from the beginning.
  static AbortSignal Aborted(
      absl::Status reason = absl::CancelledError("aborted"));
  // Aborted, with its reason, when the first of `signals` is.
  static AbortSignal Any(std::initializer_list<AbortSignal> signals);
  static AbortSignal Any(absl::Span<const AbortSignal> signals);
  // Aborted with DEADLINE_EXCEEDED after `delay`. Does not keep the loop
  // running.
  static AbortSignal Timeout(absl::Duration delay);

 private:
  friend class AbortController;
  explicit AbortSignal(std::shared_ptr<loop_internal::AbortState> state)
      : state_(std::move(state)) {}

  std::shared_ptr<loop_internal::AbortState> state_;
};

// Copies share one signal.
class AbortController {
 public:
  AbortController();

  AbortSignal signal() const { return AbortSignal(state_); }
  // The first call counts. The reason must not be OK.
  void Abort(absl::Status reason = absl::CancelledError("aborted")) const;

 private:
  std::shared_ptr<loop_internal::AbortState> state_;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_ABORT_H_
