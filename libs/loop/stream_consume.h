// What uses a stream up: ForEach(), Collect(), Drain(), PipeTo(), and Merge()
// of several. Part of loop/stream.h.
#include "loop/stream.h"

#ifndef MILLRACE_LOOP_STREAM_CONSUME_H_
#define MILLRACE_LOOP_STREAM_CONSUME_H_

#include "loop/combinators.h"
#include "loop/stream_filter.h"
#include "loop/stream_pipe.h"
#include "loop/task_group.h"

namespace millrace {

namespace loop_internal {

// Cancels `stream` when `signal` aborts, for as long as the result is kept.
template <typename T>
AbortSubscription CancelOn(const AbortSignal& signal, Stream<T>& stream) {
  signal.ThrowIfAborted();
  return signal.OnAbortReason(
      [&stream](const absl::Status& reason) { stream.Cancel(reason); });
}

// Calls f(value), a plain function, for each value.
template <typename T, typename F>
Promise<void> Consume(Stream<T> stream, F f, AbortSignal signal) {
  const AbortSubscription cancel = CancelOn(signal, stream);
  while (std::optional<T> value = co_await ReadFrom(stream, signal)) {
    f(*std::move(value));
  }
}

template <typename T>
Promise<std::vector<T>> CollectAll(Stream<T> stream, AbortSignal signal) {
  std::vector<T> values;
  auto add = [&values](T value) { values.push_back(std::move(value)); };
  co_await Consume(std::move(stream), add, std::move(signal));
  co_return std::move(values);
}

// Does not end the writer.
template <typename T>
Promise<void> PumpInto(Stream<T> stream, StreamWriter<T> writer,
                       AbortSignal signal) {
  const AbortSubscription cancel = CancelOn(signal, stream);
  while (std::optional<T> value = co_await ReadFrom(stream, signal)) {
    Promise<void> room = writer.Write(*std::move(value));
    if (!room.settled()) room = WithSignal(std::move(room), signal);
    co_await std::move(room);
  }
}

template <typename T>
Promise<void> PipeAll(Stream<T> stream, StreamWriter<T> writer,
                      AbortSignal signal) {
  const AbortSignal either = AbortSignal::Any({writer.cancelled(), signal});
  try {
    co_await PumpInto(std::move(stream), writer, either);
    writer.Close();
  } catch (...) {
    writer.Fail(StatusFrom(std::current_exception()));
    throw;
  }
}

// The calls of ForEach() that are under way, and their bound.
class Slots {
 public:
  explicit Slots(size_t count) : free_(std::max<size_t>(count, 1)) {}

  class Taken {
   public:
    explicit Taken(Slots& slots) : slots_(slots) { --slots_.free_; }
    ~Taken() {
      ++slots_.free_;
      slots_.freed_.Resolve();
    }
    Taken(const Taken&) = delete;
    Taken& operator=(const Taken&) = delete;

   private:
    Slots& slots_;
  };

  bool full() const { return free_ == 0; }
  Promise<void> Freed() {
    freed_ = Deferred<void>();
    return freed_.promise();
  }

 private:
  size_t free_;
  Deferred<void> freed_;
};

template <typename T, typename F>
class ForEachTask {
 public:
  // Reader and calls are children of one group, so that the first error of
  // either ends all of it.
  static Promise<void> Run(Stream<T> stream, F f, size_t concurrency,
                           AbortSignal signal) {
    const TaskGroup group(signal);
    group.signal().ThrowIfAborted();
    Slots slots(concurrency);
    group.Spawn(Read(stream, f, slots, group));
    co_await group.Join();
  }

 private:
  static Promise<void> Read(Stream<T>& stream, F& f, Slots& slots,
                            TaskGroup group) {
    const AbortSignal signal = group.signal();
    const AbortSubscription cancel = CancelOn(signal, stream);
    while (std::optional<T> value = co_await ReadFrom(stream, signal)) {
      group.Spawn(Call(f, *std::move(value), slots));
      while (slots.full()) co_await slots.Freed();
    }
  }

  static Promise<void> Call(F& f, T value, Slots& slots) {
    const Slots::Taken slot(slots);
    co_await f(std::move(value));
  }
};

template <typename T>
Promise<void> MergeAll(std::vector<Stream<T>> streams, StreamWriter<T> writer) {
  const TaskGroup group(writer.cancelled());
  for (Stream<T>& stream : streams) {
    group.Spawn(PumpInto(std::move(stream), writer, group.signal()));
  }
  const absl::Status outcome = co_await AsStatusOr(group.Join());
  if (outcome.ok()) {
    writer.Close();
  } else {
    writer.Fail(outcome);
  }
}

}  // namespace loop_internal

template <typename T>
template <typename F>
Promise<void> Stream<T>::ForEach(F f, ForEachOptions options) && {
  using Result = std::decay_t<std::invoke_result_t<F&, T>>;
  if constexpr (loop_internal::UnwrapPromise<Result>::kIsPromise) {
    return loop_internal::ForEachTask<T, F>::Run(std::move(*this), std::move(f),
                                                 options.concurrency,
                                                 std::move(options.signal));
  } else {
    return loop_internal::Consume(std::move(*this), std::move(f),
                                  std::move(options.signal));
  }
}

template <typename T>
Promise<std::vector<T>> Stream<T>::Collect(AbortSignal signal) && {
  return loop_internal::CollectAll(std::move(*this), std::move(signal));
}

template <typename T>
Promise<void> Stream<T>::Drain(AbortSignal signal) && {
  return loop_internal::Consume(
      std::move(*this), [](const T&) {}, std::move(signal));
}

template <typename T>
Promise<void> Stream<T>::PipeTo(StreamWriter<T> writer, AbortSignal signal) && {
  return loop_internal::PipeAll(std::move(*this), std::move(writer),
                                std::move(signal));
}

// The values of all, as they come; one of each may be read ahead. Ends when all
// have ended. An error of one fails it and cancels the others.
template <typename T>
Stream<T> Merge(std::vector<Stream<T>> streams) {
  Pipe<T> pipe = MakePipe<T>(1);
  loop_internal::MergeAll(std::move(streams), std::move(pipe.writer)).Detach();
  return std::move(pipe.stream);
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_STREAM_CONSUME_H_
