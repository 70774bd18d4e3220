// What stands behind EventEmitter::Events(): a bounded buffer that listeners
// fill and a stream empties. Private to events.
//
// Node's events.on() in types: events come in order, an error or an abort comes
// after what was buffered, and the listeners go when the stream ends for any
// reason. Unlike there, the buffer has a limit, and an error is the answer to
// every later Next(), as of any Stream.
#ifndef MILLRACE_EVENTS_EVENT_STREAM_H_
#define MILLRACE_EVENTS_EVENT_STREAM_H_

#include <algorithm>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "events/emitter_options.h"
#include "loop/abort.h"
#include "loop/promise.h"
#include "loop/stream.h"

namespace millrace::events_internal {

absl::Status TooManyEvents(size_t limit);
absl::Status NoMoreEvents();
// Of an ErrorEvent, which may come without an error.
absl::Status ErrorStatus(const std::exception_ptr& error);

template <typename T>
class EventBuffer {
 public:
  explicit EventBuffer(EventStreamOptions options)
      : options_(std::move(options)) {
    options_.limit = std::max<size_t>(options_.limit, 1);
  }

  void Push(const T& value) {
    if (ended_) return;
    if (!readers_.empty()) {
      const Deferred<std::optional<T>> reader = std::move(readers_.front());
      readers_.pop_front();
      return reader.Resolve(std::optional<T>(value));
    }
    if (values_.size() >= options_.limit && !MakeRoom()) return;
    values_.push_back(value);
    if (!paused_ && options_.pause && values_.size() > options_.high_water) {
      paused_ = true;
      options_.pause();
    }
  }

  // The first call counts.
  void End(absl::Status status) {
    if (std::exchange(ended_, true)) return;
    status_ = std::move(status);
    auto readers = std::exchange(readers_, {});
    for (const auto& reader : readers) Answer(reader);
    left_.Abort();
    Resume();
  }

  Promise<std::optional<T>> Next() {
    const Deferred<std::optional<T>> reader;
    Promise<std::optional<T>> promise = reader.promise();
    if (!values_.empty()) {
      std::optional<T> value(std::move(values_.front()));
      values_.pop_front();
      reader.Resolve(std::move(value));
      if (values_.size() < options_.low_water) Resume();
    } else if (ended_) {
      Answer(reader);
    } else {
      readers_.push_back(reader);
    }
    return promise;
  }

  // The reader is gone.
  void Cancel(const absl::Status& reason) {
    values_.clear();
    End(reason);
  }

  // Aborts when the listeners are to go.
  AbortSignal ended() const { return left_.signal(); }

 private:
  // False: the new event is lost.
  bool MakeRoom() {
    switch (options_.overflow) {
      case Overflow::kFail:
        End(TooManyEvents(options_.limit));
        return false;
      case Overflow::kDropOldest:
        values_.pop_front();
        break;
      case Overflow::kDropNewest:
        break;
    }
    ++lost_;
    if (options_.on_lost) options_.on_lost(lost_);
    // The one who is told may have cancelled the stream.
    return !ended_ && options_.overflow == Overflow::kDropOldest;
  }

  void Answer(const Deferred<std::optional<T>>& reader) const {
    if (status_.ok()) {
      reader.Resolve(std::optional<T>());
    } else {
      reader.Reject(status_);
    }
  }

  void Resume() {
    if (!std::exchange(paused_, false)) return;
    if (options_.resume) options_.resume();
  }

  EventStreamOptions options_;
  std::deque<T> values_;
  std::deque<Deferred<std::optional<T>>> readers_;
  bool paused_ = false;
  bool ended_ = false;
  uint64_t lost_ = 0;
  absl::Status status_;
  AbortController left_;
};

// The part that the event's listener owns: when the listener is removed, or
// goes with its emitter, the stream ends with an error.
template <typename T>
class EventFeed {
 public:
  EventFeed(std::shared_ptr<EventBuffer<T>> to, const AbortSignal& signal)
      : buffer(std::move(to)),
        subscription_(
            signal.OnAbortReason([target = buffer](const absl::Status& reason) {
              target->End(reason);
            })) {}
  ~EventFeed() { buffer->End(NoMoreEvents()); }
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;

  const std::shared_ptr<EventBuffer<T>> buffer;

 private:
  AbortSubscription subscription_;
};

template <typename T>
class EventSource final : public StreamSource<T> {
 public:
  explicit EventSource(std::shared_ptr<EventBuffer<T>> buffer)
      : buffer_(std::move(buffer)) {}

  // Either may call a hook that drops the stream.
  Promise<std::optional<T>> Next() override {
    const auto buffer = buffer_;
    return buffer->Next();
  }
  void Cancel(absl::Status reason) override {
    const auto buffer = buffer_;
    buffer->Cancel(reason);
  }

 private:
  std::shared_ptr<EventBuffer<T>> buffer_;
};

}  // namespace millrace::events_internal

#endif  // MILLRACE_EVENTS_EVENT_STREAM_H_
