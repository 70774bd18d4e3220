// The pipe behind StreamWriter and its stream. Part of loop/stream.h.
#include "loop/stream.h"

#ifndef MILLRACE_LOOP_STREAM_PIPE_H_
#define MILLRACE_LOOP_STREAM_PIPE_H_

namespace millrace {

namespace loop_internal {

absl::Status WrittenAfterClose();
absl::Status WriterDropped();

template <typename T>
class PipeCore {
 public:
  explicit PipeCore(size_t high_water)
      : high_water_(std::max<size_t>(high_water, 1)) {}

  Promise<void> Write(T value) {
    if (cancelled()) return Promise<void>::Reject(reader_.signal().reason());
    if (closed_) return Promise<void>::Reject(WrittenAfterClose());
    if (!readers_.empty()) {
      const Deferred<std::optional<T>> reader = std::move(readers_.front());
      readers_.pop_front();
      reader.Resolve(std::optional<T>(std::move(value)));
      return Promise<void>::Resolve();
    }
    values_.push_back(std::move(value));
    if (values_.size() < high_water_) return Promise<void>::Resolve();
    writers_.emplace_back();
    return writers_.back().promise();
  }

  void Close(absl::Status status) {
    if (closed_ || cancelled()) return;
    closed_ = true;
    status_ = std::move(status);
    auto readers = std::exchange(readers_, {});
    for (const auto& reader : readers) Finish(reader);
    // What was written is accepted; nothing more will be.
    auto writers = std::exchange(writers_, {});
    for (const auto& writer : writers) writer.Resolve();
  }

  Promise<std::optional<T>> Next() {
    if (!values_.empty()) {
      std::optional<T> value(std::move(values_.front()));
      values_.pop_front();
      // One writer for each place.
      if (!writers_.empty() && values_.size() < high_water_) {
        const Deferred<void> writer = std::move(writers_.front());
        writers_.pop_front();
        writer.Resolve();
      }
      return Promise<std::optional<T>>::Resolve(std::move(value));
    }
    const Deferred<std::optional<T>> reader;
    if (closed_) {
      Finish(reader);
    } else {
      readers_.push_back(reader);
    }
    return reader.promise();
  }

  void Cancel(const absl::Status& reason) {
    values_.clear();
    auto readers = std::exchange(readers_, {});
    for (const auto& reader : readers) reader.Reject(reason);
    auto writers = std::exchange(writers_, {});
    for (const auto& writer : writers) writer.Reject(reason);
    reader_.Abort(reason);
  }

  bool closed() const { return closed_; }
  bool cancelled() const { return reader_.signal().aborted(); }
  AbortSignal reader_signal() const { return reader_.signal(); }
  size_t size() const { return values_.size(); }

 private:
  void Finish(const Deferred<std::optional<T>>& reader) const {
    if (status_.ok()) {
      reader.Resolve(std::optional<T>());
    } else {
      reader.Reject(status_);
    }
  }

  const size_t high_water_;
  std::deque<T> values_;
  std::deque<Deferred<std::optional<T>>> readers_;
  std::deque<Deferred<void>> writers_;
  bool closed_ = false;
  absl::Status status_;
  AbortController reader_;  // aborted when the reader has gone
};

template <typename T>
class PipeSource final : public StreamSource<T> {
 public:
  explicit PipeSource(std::shared_ptr<PipeCore<T>> core)
      : core_(std::move(core)) {}

  Promise<std::optional<T>> Next() override { return core_->Next(); }
  void Cancel(absl::Status reason) override {
    const std::shared_ptr<PipeCore<T>> core = core_;
    core->Cancel(reason);
  }

 private:
  std::shared_ptr<PipeCore<T>> core_;
};

}  // namespace loop_internal

// The writing end. Copies share it.
template <typename T>
class StreamWriter {
 public:
  StreamWriter() = default;

  // Values come out in the order of the calls.
  Promise<void> Write(T value) const {
    return end_->core->Write(std::move(value));
  }
  // The stream ends after what was written. Later calls do nothing.
  void Close() const { end_->core->Close(absl::OkStatus()); }
  // The same with an error.
  void Fail(absl::Status status) const { end_->core->Close(std::move(status)); }

  // Close() or Fail() was called, or the reader is gone.
  bool closed() const {
    return end_->core->closed() || end_->core->cancelled();
  }
  // Aborts when the reader is gone.
  AbortSignal cancelled() const { return end_->core->reader_signal(); }
  // Values that were not read yet.
  size_t pending() const { return end_->core->size(); }

  explicit StreamWriter(std::shared_ptr<loop_internal::PipeCore<T>> core)
      : end_(std::make_shared<End>(std::move(core))) {}

 private:
  struct End {
    explicit End(std::shared_ptr<loop_internal::PipeCore<T>> c)
        : core(std::move(c)) {}
    ~End() { core->Close(loop_internal::WriterDropped()); }
    std::shared_ptr<loop_internal::PipeCore<T>> core;
  };

  std::shared_ptr<End> end_;
};

template <typename T>
struct Pipe {
  StreamWriter<T> writer;
  Stream<T> stream;
};

template <typename T>
Pipe<T> MakePipe(size_t high_water = 16) {
  auto core = std::make_shared<loop_internal::PipeCore<T>>(high_water);
  return Pipe<T>{
      StreamWriter<T>(core),
      Stream<T>(std::make_unique<loop_internal::PipeSource<T>>(core))};
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_STREAM_PIPE_H_
