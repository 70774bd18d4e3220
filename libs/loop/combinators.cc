#include "loop/combinators.h"

#include <algorithm>
#include <limits>

#include "base/strings.h"
#include "loop/event_loop.h"
#include "loop/microtasks.h"
#include "loop/wait_note.h"

namespace millrace {
namespace loop_internal {

Timer LongTimeout(absl::Duration delay, Task task) {
  EventLoop* loop = EventLoop::Current();
  if (loop == nullptr) Fatal("a wait was begun on a thread without EventLoop");
  // Up to the next millisecond: never early.
  const absl::Duration wait = absl::Ceil(delay, absl::Milliseconds(1));
  constexpr int64_t kLongestMs = std::numeric_limits<int32_t>::max();
  if (wait <= absl::Milliseconds(kLongestMs)) {
    return loop->SetTimeout(wait, std::move(task));
  }
  // More than a timer can hold: several equal parts, one after another.
  const int64_t parts = wait == absl::InfiniteDuration()
                            ? std::numeric_limits<int64_t>::max()
                            : absl::ToInt64Milliseconds(wait) / kLongestMs + 1;
  const absl::Duration part =
      std::min(absl::Ceil(wait / parts, absl::Milliseconds(1)),
               absl::Milliseconds(kLongestMs));
  const auto self = std::make_shared<Timer>();
  *self = loop->SetTimeout(
      part, [self, left = parts - 1, task = std::move(task)]() mutable {
        if (left-- > 0) return self->Refresh();
        *self = Timer();  // or the timer would hold itself
        task();
      });
  return *self;
}

absl::Status TimeIsUp(absl::Duration limit) {
  return absl::DeadlineExceededError(
      StrCat("not done within ", absl::FormatDuration(limit)));
}

}  // namespace loop_internal

namespace {

absl::Status AllFailed(const std::vector<std::exception_ptr>& errors,
                       size_t last) {
  if (errors.empty()) return absl::InvalidArgumentError("Any() of no promises");
  const absl::Status status = StatusFrom(errors[last]);
  return absl::Status(status.code(),
                      StrCat("all ", errors.size(),
                             " promises were rejected, the last one with: ",
                             MessageOf(status)));
}

}  // namespace

AggregateError::AggregateError(std::vector<std::exception_ptr> errors,
                               size_t last)
    : StatusError(AllFailed(errors, last)), errors_(std::move(errors)) {}

Promise<void> Delay(absl::Duration delay, AbortSignal signal) {
  if (signal.aborted()) return Promise<void>::Reject(signal.reason());
  if (delay == absl::InfiniteDuration()) return Aborted(std::move(signal));
  Deferred<void> result;
  Promise<void> promise = result.promise();
  auto note = loop_internal::NoteTimer(delay);
  if (!signal.can_abort()) {
    loop_internal::LongTimeout(
        delay, [result, note = std::move(note)] { result.Resolve(); });
    return promise;
  }
  auto subscription = std::make_shared<AbortSubscription>();
  Timer timer = loop_internal::LongTimeout(
      delay, [result, subscription, note = std::move(note)] {
        subscription->Remove();
        result.Resolve();
      });
  *subscription =
      signal.OnAbortReason([result, timer](const absl::Status& reason) mutable {
        timer.Clear();
        result.Reject(reason);
      });
  return promise;
}

Promise<void> Aborted(AbortSignal signal) {
  if (!signal.can_abort()) return loop_internal::Never<void>();
  Deferred<void> result;
  if (signal.aborted()) {
    result.Reject(signal.reason());
  } else {
    signal
        .OnAbortReason(
            [result](const absl::Status& reason) { result.Reject(reason); })
        .Keep();
  }
  return result.promise();
}

Promise<void> All(std::vector<Promise<void>> promises) {
  Deferred<void> result;
  if (promises.empty()) result.Resolve();
  auto left = std::make_shared<size_t>(promises.size());
  for (Promise<void>& promise : promises) {
    loop_internal::OnSettled(std::move(promise),
                             [result, left](Promise<void> one) {
                               if (one.rejected()) {
                                 result.Reject(one.error());
                               } else if (--*left == 0) {
                                 result.Resolve();
                               }
                             });
  }
  return result.promise();
}

}  // namespace millrace
