// Stream<T>: values that arrive one after another, with backpressure.
//
// A stream has one reader, who owns it: Next() gives a value, nullopt at the
// end, or rejects with the stream's error; after either, again. Calls of Next()
// may overlap and are answered in order. Dropping a stream cancels it, so that
// who writes learns that nobody reads any more. Loop-bound.
//
//   while (std::optional<Row> row = co_await stream.Next()) { ... }
//
// Pipe<T> makes one: what its writer writes, the stream reads. Write() resolves
// when there is room for more than `high_water` unread values again, at once
// in the usual case; a writer that awaits it holds at most one value more. It
// rejects with CANCELLED, or what the reader gave as a reason, when the reader
// is gone. When the last copy of the writer is dropped without Close() or
// Fail(), the stream fails: a half-written stream does not look complete.
//
// Other origins: callbacks that cannot wait (loop/push_stream.h), files
// (loop/file_chunks.h), events (EventEmitter). Operators (Map, Filter, Take,
// Batch) use a stream up, read only when they are read, and pass on errors
// downwards and cancellation upwards; so do the ends (ForEach, Collect, Drain,
// PipeTo), whose promise rejects with the stream's error. A signal that is
// given to an end cancels the stream with its reason.
#ifndef MILLRACE_LOOP_STREAM_H_
#define MILLRACE_LOOP_STREAM_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "loop/abort.h"
#include "loop/promise.h"

namespace millrace {

// What stands behind a stream.
template <typename T>
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  virtual Promise<std::optional<T>> Next() = 0;
  // Called at most once, also before the destructor unless the end was read.
  virtual void Cancel(absl::Status reason) = 0;
};

template <typename T>
class StreamWriter;

struct ForEachOptions {
  size_t concurrency = 1;  // calls under way at a time
  AbortSignal signal = {};
};

template <typename T>
class [[nodiscard]] Stream {
 public:
  using value_type = T;

  // Empty() is a stream that has ended; this is one that has no source.
  Stream() = default;
  explicit Stream(std::unique_ptr<StreamSource<T>> source)
      : source_(std::move(source)) {}
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&& other) noexcept {
    if (this != &other) {
      Cancel();
      source_ = std::move(other.source_);
    }
    return *this;
  }
  ~Stream() { Cancel(); }

  static Stream Empty() { return Of({}); }
  static Stream Of(std::vector<T> values);
  static Stream Failed(absl::Status status);

  bool valid() const { return source_ != nullptr; }
  Promise<std::optional<T>> Next() { return source_->Next(); }

  // The writer is told `reason`; the stream has no source afterwards, and
  // promises that Next() gave reject with it.
  void Cancel(absl::Status reason =
                  absl::CancelledError("the reader has cancelled the stream")) {
    if (auto source = std::move(source_)) source->Cancel(std::move(reason));
  }

  // A stream of f(value); f may return a promise. What it throws fails the
  // stream and cancels this one, which is used up.
  template <typename F>
  auto Map(F f) &&;

  // The values for which f(const T&) is true; f may return a promise.
  template <typename F>
  Stream Filter(F f) &&;

  // The first `count` values; then this one is cancelled.
  Stream Take(size_t count) &&;

  // A stream of vectors: of `size` values, or of fewer when `max_wait` has
  // passed since the first of them was read, or at the end. An error comes
  // after what was read before it. Here and in Collect() T must be copyable.
  auto Batch(size_t size,
             absl::Duration max_wait = absl::InfiniteDuration()) &&;

  // Calls f(value) for all. When f returns a promise, `concurrency` of them may
  // be pending, and no more is read meanwhile. The first error, of f or of the
  // stream, cancels the stream and is what the promise rejects with once the
  // calls under way have ended; see GroupError.
  template <typename F>
  Promise<void> ForEach(F f, ForEachOptions options = {}) &&;

  Promise<std::vector<T>> Collect(AbortSignal signal = {}) &&;
  Promise<void> Drain(AbortSignal signal = {}) &&;

  // Writes all, at the pace of `writer`, and closes it; an error of the stream
  // fails it. When its reader goes, this one is cancelled with the same reason.
  Promise<void> PipeTo(StreamWriter<T> writer, AbortSignal signal = {}) &&;

 private:
  std::unique_ptr<StreamSource<T>> source_;
};

}  // namespace millrace

// The parts. Each includes this file before its own guard: whichever of them
// comes first, all of them follow in this order.
#include "loop/stream_batch.h"    // IWYU pragma: export
#include "loop/stream_consume.h"  // IWYU pragma: export
#include "loop/stream_filter.h"   // IWYU pragma: export
#include "loop/stream_map.h"      // IWYU pragma: export
#include "loop/stream_pipe.h"     // IWYU pragma: export

#endif  // MILLRACE_LOOP_STREAM_H_
