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
#ifndef MILLRACE_LOOP_STREAM_H_
#define MILLRACE_LOOP_STREAM_H_

#include <deque>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
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

 private:
  std::unique_ptr<StreamSource<T>> source_;
};

}  // namespace millrace

#include "loop/stream_map.h"   // IWYU pragma: export
#include "loop/stream_pipe.h"  // IWYU pragma: export

#endif  // MILLRACE_LOOP_STREAM_H_
