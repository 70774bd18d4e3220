// Filter() and Take(), and what the operators of streams are made of. Part of
// loop/stream.h.
#include "loop/stream.h"

#ifndef MILLRACE_LOOP_STREAM_FILTER_H_
#define MILLRACE_LOOP_STREAM_FILTER_H_

namespace millrace {

namespace loop_internal {

// Lets coroutines through one at a time, in their order.
//
//   if (!turns.TryEnter()) co_await turns.Wait();
//   const Turnstile::Pass pass(turns);
class Turnstile {
 public:
  // Leaves when it is destroyed.
  class Pass {
   public:
    explicit Pass(Turnstile& turns) : turns_(turns) {}
    ~Pass() { turns_.Leave(); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    Turnstile& turns_;
  };

  bool TryEnter() { return !std::exchange(busy_, true); }
  Promise<void> Wait() {
    waiting_.emplace_back();
    return waiting_.back().promise();
  }

 private:
  void Leave() {
    if (waiting_.empty()) {
      busy_ = false;
      return;
    }
    const Deferred<void> next = std::move(waiting_.front());
    waiting_.pop_front();
    next.Resolve();
  }

  bool busy_ = false;
  std::deque<Deferred<void>> waiting_;
};

// The source of an operator that may read several values for one of its own:
// calls of Next() are served one after another by op->Pull(), which returns a
// promise of an optional value. The end and an error are given again to later
// calls, and the error cancels what the operator reads.
//
// Op has `Stream<T> stream`, `using Value`, and Pull(), which reads by
// ReadFrom(stream): that is safe after a Cancel() in between.
template <typename Op>
class SerialSource final : public StreamSource<typename Op::Value> {
 public:
  using Value = typename Op::Value;

  template <typename... Args>
  explicit SerialSource(Args&&... args)
      : core_(std::make_shared<Core>(std::forward<Args>(args)...)) {}

  Promise<std::optional<Value>> Next() override { return Read(core_); }
  void Cancel(absl::Status reason) override {
    const std::shared_ptr<Core> core = core_;
    core->Fail(ErrorFrom(reason), reason);
  }

 private:
  struct Core {
    template <typename... Args>
    explicit Core(Args&&... args) : op(std::forward<Args>(args)...) {}

    void Fail(std::exception_ptr why, absl::Status reason) {
      if (error == nullptr) error = std::move(why);
      op.stream.Cancel(std::move(reason));
    }

    Op op;
    Turnstile turns;
    bool ended = false;
    std::exception_ptr error;
  };

  static Promise<std::optional<Value>> Read(std::shared_ptr<Core> core) {
    if (!core->turns.TryEnter()) co_await core->turns.Wait();
    const Turnstile::Pass pass(core->turns);
    if (core->error != nullptr) std::rethrow_exception(core->error);
    if (core->ended) co_return std::nullopt;
    std::optional<Value> value;
    try {
      value = co_await core->op.Pull();
    } catch (...) {
      core->Fail(std::current_exception(),
                 StatusFrom(std::current_exception()));
    }
    if (core->error != nullptr) std::rethrow_exception(core->error);
    if (!value.has_value()) core->ended = true;
    co_return std::move(value);
  }

  std::shared_ptr<Core> core_;
};

// Next(), also when the stream has been cancelled under the caller; by `signal`
// for one that can have done so.
template <typename T>
Promise<std::optional<T>> ReadFrom(Stream<T>& stream,
                                   const AbortSignal& signal = {}) {
  if (stream.valid()) return stream.Next();
  return Promise<std::optional<T>>::Reject(
      signal.aborted() ? signal.reason()
                       : absl::CancelledError("the stream was cancelled"));
}

template <typename T, typename F>
struct FilterOp {
  using Value = T;
  using Result = std::decay_t<std::invoke_result_t<F&, const T&>>;

  Promise<std::optional<T>> Pull() {
    while (true) {
      std::optional<T> value = co_await ReadFrom(stream);
      if (!value.has_value()) co_return std::nullopt;
      bool keep;
      if constexpr (UnwrapPromise<Result>::kIsPromise) {
        keep = co_await f(std::as_const(*value));
      } else {
        keep = f(std::as_const(*value));
      }
      if (keep) co_return std::move(value);
    }
  }

  FilterOp(Stream<T> s, F g) : stream(std::move(s)), f(std::move(g)) {}
  Stream<T> stream;
  F f;
};

template <typename T>
struct TakeOp {
  using Value = T;

  Promise<std::optional<T>> Pull() {
    std::optional<T> value;
    if (left > 0) value = co_await ReadFrom(stream);
    if (value.has_value()) --left;
    // The source is told at once, not when the end is asked for.
    if (left == 0) stream.Cancel();
    co_return std::move(value);
  }

  TakeOp(Stream<T> s, size_t count) : stream(std::move(s)), left(count) {}
  Stream<T> stream;
  size_t left;
};

}  // namespace loop_internal

template <typename T>
template <typename F>
Stream<T> Stream<T>::Filter(F f) && {
  using Op = loop_internal::FilterOp<T, F>;
  return Stream(std::make_unique<loop_internal::SerialSource<Op>>(
      std::move(*this), std::move(f)));
}

template <typename T>
Stream<T> Stream<T>::Take(size_t count) && {
  using Op = loop_internal::TakeOp<T>;
  return Stream(std::make_unique<loop_internal::SerialSource<Op>>(
      std::move(*this), count));
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_STREAM_FILTER_H_
