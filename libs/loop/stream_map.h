// Streams of given values, and Map(). Part of loop/stream.h.
#include "loop/stream.h"

#ifndef MILLRACE_LOOP_STREAM_MAP_H_
#define MILLRACE_LOOP_STREAM_MAP_H_

#include "loop/stream_filter.h"

namespace millrace {

namespace loop_internal {

// Values that are there already, then the end or an error.
template <typename T>
class ValuesSource final : public StreamSource<T> {
 public:
  ValuesSource(std::vector<T> values, absl::Status status)
      : values_(std::move(values)), status_(std::move(status)) {}

  Promise<std::optional<T>> Next() override {
    using Result = Promise<std::optional<T>>;
    if (next_ < values_.size()) {
      return Result::Resolve(std::optional<T>(std::move(values_[next_++])));
    }
    if (!status_.ok()) return Result::Reject(status_);
    return Result::Resolve(std::optional<T>());
  }
  void Cancel(absl::Status) override { values_.clear(); }

 private:
  std::vector<T> values_;
  size_t next_ = 0;
  absl::Status status_;
};

template <typename T, typename F>
struct MapOp {
  using Result = std::decay_t<std::invoke_result_t<F&, T>>;
  using Value = typename UnwrapPromise<Result>::Type;

  Promise<std::optional<Value>> Pull() {
    std::optional<T> value = co_await ReadFrom(stream);
    if (!value.has_value()) co_return std::nullopt;
    if constexpr (UnwrapPromise<Result>::kIsPromise) {
      co_return std::optional<Value>(co_await f(*std::move(value)));
    } else {
      co_return std::optional<Value>(f(*std::move(value)));
    }
  }

  MapOp(Stream<T> s, F g) : stream(std::move(s)), f(std::move(g)) {}
  Stream<T> stream;
  F f;
};

}  // namespace loop_internal

template <typename T>
Stream<T> Stream<T>::Of(std::vector<T> values) {
  return Stream(std::make_unique<loop_internal::ValuesSource<T>>(
      std::move(values), absl::OkStatus()));
}

template <typename T>
Stream<T> Stream<T>::Failed(absl::Status status) {
  return Stream(std::make_unique<loop_internal::ValuesSource<T>>(
      std::vector<T>(), std::move(status)));
}

template <typename T>
template <typename F>
auto Stream<T>::Map(F f) && {
  using Op = loop_internal::MapOp<T, F>;
  return Stream<typename Op::Value>(
      std::make_unique<loop_internal::SerialSource<Op>>(std::move(*this),
                                                        std::move(f)));
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_STREAM_MAP_H_
