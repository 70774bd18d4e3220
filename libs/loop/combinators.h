// Promises made of promises and of time. Loop-bound, like all promises.
#ifndef MILLRACE_LOOP_COMBINATORS_H_
#define MILLRACE_LOOP_COMBINATORS_H_

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "loop/abort.h"
#include "loop/promise.h"
#include "loop/timer.h"

namespace millrace {

// Resolves after `delay`; rejects with the signal's reason when that is first.
// Waits of any length: an infinite one ends only by the signal.
Promise<void> Delay(absl::Duration delay, AbortSignal signal = {});

// Rejects with the reason when `signal` aborts; never resolves.
Promise<void> Aborted(AbortSignal signal);

template <typename T>
using StatusOrVoid = std::conditional_t<
    std::is_void_v<T>, absl::Status,
    absl::StatusOr<std::conditional_t<std::is_void_v<T>, int, T>>>;

// What the promise settles with, without exceptions: absl::StatusOr<T>, or
// absl::Status for void.
template <typename T>
Promise<StatusOrVoid<T>> AsStatusOr(Promise<T> promise);

// DEADLINE_EXCEEDED when `promise` has not settled within `limit`. It goes on
// regardless: abort what it stands for as well.
template <typename T>
Promise<T> WithTimeout(Promise<T> promise, absl::Duration limit);

// The reason of `signal` when that aborts before `promise` has settled. Keeps
// the signal for as long, so that a combined one may be given as a temporary.
template <typename T>
Promise<T> WithSignal(Promise<T> promise, AbortSignal signal);

// All values in order, or the first error.
template <typename T>
Promise<std::vector<T>> All(std::vector<Promise<T>> promises);
Promise<void> All(std::vector<Promise<void>> promises);

// All outcomes in order; never rejects.
template <typename T>
Promise<std::vector<StatusOrVoid<T>>> AllSettled(
    std::vector<Promise<T>> promises);

// All promises that Any() was given are rejected: every error, in the order of
// the promises. The status has the code of the one that was the last to come,
// INVALID_ARGUMENT when there was none.
class AggregateError : public StatusError {
 public:
  AggregateError(std::vector<std::exception_ptr> errors, size_t last);
  const std::vector<std::exception_ptr>& errors() const { return errors_; }

 private:
  std::vector<std::exception_ptr> errors_;
};

// The first value, or when all are rejected an AggregateError.
template <typename T>
Promise<T> Any(std::vector<Promise<T>> promises);

// The first to settle. With no promises it never settles.
template <typename T>
Promise<T> Race(std::vector<Promise<T>> promises);

namespace loop_internal {

// A timeout of any length; cut to what a timer can hold.
Timer LongTimeout(absl::Duration delay, Task task);
absl::Status TimeIsUp(absl::Duration limit);

// A promise that nobody settles.
template <typename T>
Promise<T> Never() {
  return Promise<T>(new State<T>);
}

// The value of a settled, resolved promise, moved out when possible.
template <typename T>
T TakeValue(Promise<T> promise) {
  if constexpr (std::is_copy_constructible_v<T>) {
    if (!promise.unique()) return promise.state()->value();
  }
  return std::move(promise.state()->value());
}

template <typename T>
StatusOrVoid<T> Outcome(Promise<T> promise) {
  if (promise.rejected()) return StatusFrom(promise.error());
  if constexpr (std::is_void_v<T>) {
    return absl::OkStatus();
  } else {
    return TakeValue(std::move(promise));
  }
}

// Settles `result` as the settled `promise` is.
template <typename T>
void PassOn(const Deferred<T>& result, Promise<T> promise) {
  if (promise.rejected()) {
    result.Reject(promise.error());
  } else if constexpr (std::is_void_v<T>) {
    result.Resolve();
  } else {
    result.Resolve(TakeValue(std::move(promise)));
  }
}

}  // namespace loop_internal

template <typename T>
Promise<StatusOrVoid<T>> AsStatusOr(Promise<T> promise) {
  Deferred<StatusOrVoid<T>> result;
  auto outcome = result.promise();
  loop_internal::OnSettled(std::move(promise), [result](Promise<T> settled) {
    result.Resolve(loop_internal::Outcome(std::move(settled)));
  });
  return outcome;
}

template <typename T>
Promise<T> WithTimeout(Promise<T> promise, absl::Duration limit) {
  if (limit == absl::InfiniteDuration()) return promise;
  Deferred<T> result;
  Timer timer = loop_internal::LongTimeout(limit, [result, limit] {
    result.Reject(loop_internal::TimeIsUp(limit));
  });
  loop_internal::OnSettled(std::move(promise),
                           [result, timer](Promise<T> settled) mutable {
                             timer.Clear();
                             loop_internal::PassOn(result, std::move(settled));
                           });
  return result.promise();
}

template <typename T>
Promise<T> WithSignal(Promise<T> promise, AbortSignal signal) {
  if (!signal.can_abort()) return promise;
  Deferred<T> result;
  if (signal.aborted()) result.Reject(signal.reason());
  AbortSubscription subscription = signal.OnAbortReason(
      [result](const absl::Status& reason) { result.Reject(reason); });
  loop_internal::OnSettled(
      std::move(promise),
      [result, signal,
       subscription = std::move(subscription)](Promise<T> settled) mutable {
        subscription.Remove();
        loop_internal::PassOn(result, std::move(settled));
      });
  return result.promise();
}

template <typename T>
Promise<std::vector<T>> All(std::vector<Promise<T>> promises) {
  struct Gathering {
    Deferred<std::vector<T>> result;
    std::vector<std::optional<T>> values;
    size_t left;
  };
  auto all = std::make_shared<Gathering>();
  all->values.resize(promises.size());
  all->left = promises.size();
  if (promises.empty()) all->result.Resolve(std::vector<T>());
  for (size_t i = 0; i < promises.size(); ++i) {
    loop_internal::OnSettled(std::move(promises[i]), [all, i](Promise<T> one) {
      if (one.rejected()) return all->result.Reject(one.error());
      all->values[i].emplace(loop_internal::TakeValue(std::move(one)));
      if (--all->left > 0) return;
      std::vector<T> values;
      values.reserve(all->values.size());
      for (auto& value : all->values) values.push_back(*std::move(value));
      all->result.Resolve(std::move(values));
    });
  }
  return all->result.promise();
}

template <typename T>
Promise<std::vector<StatusOrVoid<T>>> AllSettled(
    std::vector<Promise<T>> promises) {
  // Not All() of AsStatusOr(), which would settle a microtask late.
  struct Gathering {
    Deferred<std::vector<StatusOrVoid<T>>> result;
    std::vector<StatusOrVoid<T>> outcomes;
    size_t left;
  };
  auto all = std::make_shared<Gathering>();
  all->outcomes.resize(promises.size());
  all->left = promises.size();
  if (promises.empty()) all->result.Resolve(std::vector<StatusOrVoid<T>>());
  for (size_t i = 0; i < promises.size(); ++i) {
    loop_internal::OnSettled(std::move(promises[i]), [all, i](Promise<T> one) {
      all->outcomes[i] = loop_internal::Outcome(std::move(one));
      if (--all->left == 0) all->result.Resolve(std::move(all->outcomes));
    });
  }
  return all->result.promise();
}

template <typename T>
Promise<T> Any(std::vector<Promise<T>> promises) {
  struct Trying {
    Deferred<T> result;
    std::vector<std::exception_ptr> errors;
    size_t left;
    void Fail(size_t last) {
      result.Reject(
          std::make_exception_ptr(AggregateError(std::move(errors), last)));
    }
  };
  auto any = std::make_shared<Trying>();
  any->errors.resize(promises.size());
  any->left = promises.size();
  if (promises.empty()) any->Fail(0);
  for (size_t i = 0; i < promises.size(); ++i) {
    loop_internal::OnSettled(std::move(promises[i]), [any, i](Promise<T> one) {
      if (!one.rejected()) {
        return loop_internal::PassOn(any->result, std::move(one));
      }
      any->errors[i] = one.error();
      if (--any->left == 0) any->Fail(i);
    });
  }
  return any->result.promise();
}

template <typename T>
Promise<T> Race(std::vector<Promise<T>> promises) {
  if (promises.empty()) return loop_internal::Never<T>();
  Deferred<T> result;
  Promise<T> first = result.promise();
  for (Promise<T>& promise : promises) {
    loop_internal::OnSettled(std::move(promise), [result](Promise<T> one) {
      loop_internal::PassOn(result, std::move(one));
    });
  }
  return first;
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_COMBINATORS_H_
