// Timers and immediates as promises and as a stream: what timers/promises is
// in Node. Loop-bound.
//
// All of them reject with the signal's reason when that aborts first, at once
// when it has aborted before; what they waited with is cleared, and no listener
// stays at the signal. Durations are a timer's (see EventLoop::SetTimeout);
// Delay() of combinators.h waits for what does not fit.
#ifndef MILLRACE_LOOP_TIMER_PROMISES_H_
#define MILLRACE_LOOP_TIMER_PROMISES_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "loop/abort.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "loop/stream.h"
#include "loop/timer.h"

namespace millrace {

struct WaitOptions {
  // Constructors, so that it may be written inside a co_await: see promise.h.
  WaitOptions() {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  WaitOptions(AbortSignal s, bool keep = true)
      : signal(std::move(s)), ref(keep) {}

  AbortSignal signal;
  bool ref = true;  // false: the wait does not keep the loop running
};

// Resolves after `delay`.
Promise<void> Wait(absl::Duration delay, WaitOptions options = {});
// The same with a value.
template <typename T>
Promise<T> WaitWith(absl::Duration delay, T value, WaitOptions options = {});

// Resolves in the check phase: lets all that is ready go first.
Promise<void> Yield(WaitOptions options = {});
template <typename T>
Promise<T> YieldWith(T value, WaitOptions options = {});

// An endless stream that has one more `value` after every `period`. The
// interval begins with the first Next() and ends when the stream is dropped.
// Values that were due before the signal aborted are read first.
template <typename T>
Stream<T> Interval(absl::Duration period, T value, WaitOptions options = {});

namespace loop_internal {

void BeginTimeout(absl::Duration delay, const WaitOptions& options,
                  Task resolve, AbortHandler reject);
void BeginImmediate(const WaitOptions& options, Task resolve,
                    AbortHandler reject);

template <typename T>
class IntervalSource final : public StreamSource<T> {
 public:
  IntervalSource(absl::Duration period, T value, WaitOptions options)
      : period_(period),
        value_(std::move(value)),
        options_(std::move(options)) {}
  ~IntervalSource() override { timer_.Clear(); }

  Promise<std::optional<T>> Next() override {
    if (due_ > 0) {
      --due_;
      return Promise<std::optional<T>>::Resolve(value_);
    }
    if (!failure_.ok()) return Promise<std::optional<T>>::Reject(failure_);
    if (options_.signal.aborted()) {
      Fail(options_.signal.reason());
      return Promise<std::optional<T>>::Reject(failure_);
    }
    if (!started_) Start();
    readers_.emplace_back();
    return readers_.back().promise();
  }

  void Cancel(absl::Status reason) override { Fail(std::move(reason)); }

 private:
  void Start() {
    started_ = true;
    timer_ = EventLoop::Current()->SetInterval(period_, [this] { Due(); });
    if (!options_.ref) timer_.Unref();
    subscription_ = options_.signal.OnAbortReason(
        [this](const absl::Status& reason) { Fail(reason); });
  }

  void Due() {
    if (readers_.empty()) {
      ++due_;
      return;
    }
    const Deferred<std::optional<T>> reader = std::move(readers_.front());
    readers_.pop_front();
    reader.Resolve(value_);
  }

  void Fail(absl::Status reason) {
    timer_.Clear();
    subscription_.Remove();
    failure_ = std::move(reason);
    const auto readers = std::exchange(readers_, {});
    for (const auto& reader : readers) reader.Reject(failure_);
  }

  const absl::Duration period_;
  const std::optional<T> value_;
  const WaitOptions options_;
  bool started_ = false;
  uint64_t due_ = 0;  // values that nobody has read
  absl::Status failure_;
  std::deque<Deferred<std::optional<T>>> readers_;
  Timer timer_;
  AbortSubscription subscription_;
};

}  // namespace loop_internal

template <typename T>
Promise<T> WaitWith(absl::Duration delay, T value, WaitOptions options) {
  const Deferred<T> result;
  loop_internal::BeginTimeout(
      delay, options,
      [result, value = std::move(value)]() mutable {
        result.Resolve(std::move(value));
      },
      [result](const absl::Status& reason) { result.Reject(reason); });
  return result.promise();
}

template <typename T>
Promise<T> YieldWith(T value, WaitOptions options) {
  const Deferred<T> result;
  loop_internal::BeginImmediate(
      options,
      [result, value = std::move(value)]() mutable {
        result.Resolve(std::move(value));
      },
      [result](const absl::Status& reason) { result.Reject(reason); });
  return result.promise();
}

template <typename T>
Stream<T> Interval(absl::Duration period, T value, WaitOptions options) {
  return Stream<T>(std::make_unique<loop_internal::IntervalSource<T>>(
      period, std::move(value), std::move(options)));
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_TIMER_PROMISES_H_
