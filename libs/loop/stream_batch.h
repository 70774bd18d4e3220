// Batch(). Part of loop/stream.h.
#include "loop/stream.h"

#ifndef MILLRACE_LOOP_STREAM_BATCH_H_
#define MILLRACE_LOOP_STREAM_BATCH_H_

#include "absl/time/time.h"
#include "loop/combinators.h"
#include "loop/stream_filter.h"

namespace millrace {

namespace loop_internal {

template <typename T>
class BatchOp {
 public:
  using Value = std::vector<T>;

  BatchOp(Stream<T> s, size_t size, absl::Duration max_wait)
      : stream(std::move(s)),
        size_(std::max<size_t>(size, 1)),
        max_wait_(max_wait) {}

  // An error or the end behind the first value of a batch stays in `ahead_`,
  // for the next call.
  Promise<std::optional<Value>> Pull() {
    Value batch;
    Alarm alarm;
    time_is_up_ = false;
    while (batch.size() < size_ && !time_is_up_) {
      if (!ahead_.valid()) ahead_ = ReadFrom(stream);
      if (!ahead_.settled()) co_await ArrivalOrAlarm();
      if (!ahead_.settled()) break;
      if (ahead_.rejected()) {
        if (batch.empty()) std::rethrow_exception(ahead_.error());
        static_cast<void>(ahead_.error());  // it will be told
        break;
      }
      if (!ahead_.value().has_value()) break;
      batch.push_back(
          *TakeValue(std::exchange(ahead_, Promise<std::optional<T>>())));
      if (batch.size() == 1 && max_wait_ != absl::InfiniteDuration()) {
        alarm.timer = LongTimeout(max_wait_, [this] {
          time_is_up_ = true;
          wake_.Resolve();
        });
      }
    }
    if (batch.empty()) co_return std::nullopt;
    co_return std::optional<Value>(std::move(batch));
  }

  Stream<T> stream;

 private:
  struct Alarm {
    ~Alarm() { timer.Clear(); }
    Timer timer;
  };

  Promise<void> ArrivalOrAlarm() {
    wake_ = Deferred<void>();
    OnSettled(ahead_,
              [wake = wake_](Promise<std::optional<T>>) { wake.Resolve(); });
    return wake_.promise();
  }

  const size_t size_;
  const absl::Duration max_wait_;
  Promise<std::optional<T>> ahead_;  // outlasts a batch that time has ended
  Deferred<void> wake_;
  bool time_is_up_ = false;
};

}  // namespace loop_internal

template <typename T>
auto Stream<T>::Batch(size_t size, absl::Duration max_wait) && {
  using Op = loop_internal::BatchOp<T>;
  return Stream<std::vector<T>>(
      std::make_unique<loop_internal::SerialSource<Op>>(std::move(*this), size,
                                                        max_wait));
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_STREAM_BATCH_H_
