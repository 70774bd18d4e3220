// Streams of given values, and Map(). Part of loop/stream.h.
#include "loop/stream.h"

#ifndef MILLRACE_LOOP_STREAM_MAP_H_
#define MILLRACE_LOOP_STREAM_MAP_H_

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
class MapSource final : public StreamSource<typename UnwrapPromise<
                            std::decay_t<std::invoke_result_t<F&, T>>>::Type> {
 public:
  using Result = std::decay_t<std::invoke_result_t<F&, T>>;
  using U = typename UnwrapPromise<Result>::Type;

  MapSource(Stream<T> stream, F f)
      : core_(std::make_shared<Core>(std::move(stream), std::move(f))) {}

  Promise<std::optional<U>> Next() override { return Read(core_); }
  void Cancel(absl::Status reason) override {
    core_->stream.Cancel(std::move(reason));
  }

 private:
  struct Core {
    Core(Stream<T> s, F g) : stream(std::move(s)), f(std::move(g)) {}
    Stream<T> stream;
    F f;
  };

  static Promise<std::optional<U>> Read(std::shared_ptr<Core> core) {
    if (!core->stream.valid()) co_return std::nullopt;
    std::optional<T> value = co_await core->stream.Next();
    if (!value.has_value()) co_return std::nullopt;
    try {
      if constexpr (UnwrapPromise<Result>::kIsPromise) {
        co_return std::optional<U>(co_await core->f(*std::move(value)));
      } else {
        co_return std::optional<U>(core->f(*std::move(value)));
      }
    } catch (...) {
      core->stream.Cancel();
      throw;
    }
  }

  std::shared_ptr<Core> core_;
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
  using Source = loop_internal::MapSource<T, F>;
  return Stream<typename Source::U>(
      std::make_unique<Source>(std::move(*this), std::move(f)));
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_STREAM_MAP_H_
