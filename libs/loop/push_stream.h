// A stream whose values are pushed by callbacks: a socket's reads, a client
// library's messages. Who pushes cannot wait for a promise; it is told to pause
// and to resume instead.
//
//   auto [source, stream] = MakePushStream<Message>(
//       {.high_water = 64, .low_water = 16,
//        .pause = [&] { consumer.Pause(); },
//        .resume = [&] { consumer.Resume(); }});
//
// `pause` is called when the unread values reach `high_water`, inside the
// Push() that makes them so; `resume` when the reader has brought them down to
// `low_water` again; in turns. What is pushed in between is taken too: the
// bound on memory is high_water and what still comes after a pause. `cancel` is
// called when the reader goes before the end; later values are dropped.
//
// Copies of a source share it; when the last is dropped without End() or Fail()
// the stream fails. The hooks go with the end of the stream and must not throw.
// Loop-bound: other threads come by EventLoop::Post().
#ifndef MILLRACE_LOOP_PUSH_STREAM_H_
#define MILLRACE_LOOP_PUSH_STREAM_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "loop/abort.h"
#include "loop/stream.h"
#include "loop/task.h"

namespace millrace {

struct PushOptions {
  size_t high_water = 16;
  size_t low_water = 0;  // less than high_water
  Task pause = {};
  Task resume = {};
  AbortHandler cancel = {};
};

namespace loop_internal {

template <typename T>
class PushCore {
 public:
  explicit PushCore(PushOptions options) : options_(std::move(options)) {
    options_.high_water = std::max<size_t>(options_.high_water, 1);
    options_.low_water = std::min(options_.low_water, options_.high_water - 1);
  }

  bool Push(T value) {
    if (closed_) return false;
    if (!readers_.empty()) {
      const Deferred<std::optional<T>> reader = std::move(readers_.front());
      readers_.pop_front();
      reader.Resolve(std::optional<T>(std::move(value)));
      return !paused_;
    }
    values_.push_back(std::move(value));
    if (!paused_ && values_.size() >= options_.high_water) {
      paused_ = true;
      Call(options_.pause);
    }
    return !paused_;
  }

  void Close(absl::Status status) {
    if (closed_) return;
    closed_ = true;
    status_ = std::move(status);
    auto readers = std::exchange(readers_, {});
    for (const auto& reader : readers) Finish(reader);
    DropHooks();
  }

  Promise<std::optional<T>> Next() {
    const Deferred<std::optional<T>> reader;
    if (!values_.empty()) {
      reader.Resolve(std::optional<T>(std::move(values_.front())));
      values_.pop_front();
      if (paused_ && !closed_ && values_.size() <= options_.low_water) {
        paused_ = false;
        Call(options_.resume);
      }
    } else if (closed_) {
      Finish(reader);
    } else {
      readers_.push_back(reader);
    }
    return reader.promise();
  }

  void Cancel(absl::Status reason) {
    values_.clear();
    if (closed_) return;
    AbortHandler cancel = std::move(options_.cancel);
    Close(reason);
    if (cancel) cancel(reason);
  }

  bool closed() const { return closed_; }
  bool paused() const { return paused_; }
  size_t size() const { return values_.size(); }

 private:
  // A hook may end the stream, which drops the hooks.
  void Call(Task& slot) {
    if (!slot) return;
    Task hook = std::move(slot);
    hook();
    if (!closed_) slot = std::move(hook);
  }

  void DropHooks() {
    const Task pause = std::move(options_.pause);
    const Task resume = std::move(options_.resume);
    const AbortHandler cancel = std::move(options_.cancel);
  }

  void Finish(const Deferred<std::optional<T>>& reader) const {
    if (status_.ok()) {
      reader.Resolve(std::optional<T>());
    } else {
      reader.Reject(status_);
    }
  }

  PushOptions options_;
  std::deque<T> values_;
  std::deque<Deferred<std::optional<T>>> readers_;
  bool paused_ = false;
  bool closed_ = false;
  absl::Status status_;
};

template <typename T>
class PushStreamSource final : public StreamSource<T> {
 public:
  explicit PushStreamSource(std::shared_ptr<PushCore<T>> core)
      : core_(std::move(core)) {}

  Promise<std::optional<T>> Next() override {
    const std::shared_ptr<PushCore<T>> core = core_;
    return core->Next();
  }
  void Cancel(absl::Status reason) override {
    const std::shared_ptr<PushCore<T>> core = core_;
    core->Cancel(std::move(reason));
  }

 private:
  std::shared_ptr<PushCore<T>> core_;
};

}  // namespace loop_internal

template <typename T>
class PushSource {
 public:
  PushSource() = default;

  // False when the source is paused, or nobody takes values any more.
  bool Push(T value) const {
    const std::shared_ptr<loop_internal::PushCore<T>> core = end_->core;
    return core->Push(std::move(value));
  }
  // After what was pushed. The first of these counts.
  void End() const { end_->core->Close(absl::OkStatus()); }
  void Fail(absl::Status status) const { end_->core->Close(std::move(status)); }

  // Ended, or the reader is gone.
  bool closed() const { return end_->core->closed(); }
  bool paused() const { return end_->core->paused(); }
  // Values that were not read yet.
  size_t pending() const { return end_->core->size(); }

  explicit PushSource(std::shared_ptr<loop_internal::PushCore<T>> core)
      : end_(std::make_shared<SharedEnd>(std::move(core))) {}

 private:
  struct SharedEnd {
    explicit SharedEnd(std::shared_ptr<loop_internal::PushCore<T>> c)
        : core(std::move(c)) {}
    ~SharedEnd() { core->Close(loop_internal::WriterDropped()); }
    std::shared_ptr<loop_internal::PushCore<T>> core;
  };

  std::shared_ptr<SharedEnd> end_;
};

template <typename T>
struct PushStream {
  PushSource<T> source;
  Stream<T> stream;
};

template <typename T>
PushStream<T> MakePushStream(PushOptions options = {}) {
  auto core = std::make_shared<loop_internal::PushCore<T>>(std::move(options));
  return PushStream<T>{
      PushSource<T>(core),
      Stream<T>(std::make_unique<loop_internal::PushStreamSource<T>>(core))};
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_PUSH_STREAM_H_
