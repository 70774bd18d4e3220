// Channels between loops: values that any thread sends and one loop receives,
// as a Stream<T>, in order of the sends, with backpressure.
//
//   auto [sender, stream] = MakeChannel<Job>();     // on the receiving loop
//   co_await sender.Send(job);                      // on any other
//   while (auto job = co_await stream.Next()) ...   // on the receiving one
//
// MakeChannel() is called on the receiving loop, and the stream stays there.
// Senders are copied, used and dropped on any thread. A value belongs to
// nobody's loop: it is made on one thread, destroyed on another, and holds no
// promises.
//
// Send() settles on the sender's loop, when fewer than `capacity` values wait
// again; at once in the usual case. So a sender that awaits it holds at most
// one value more. Waiting senders go on when half of the room is free, so that
// a full channel is not a wake-up per value. In the other direction, a burst
// wakes the receiver once.
//
// The ends die in any order. The stream dropped: Send() rejects with CANCELLED
// or with the reader's reason, also what waits. The last sender dropped without
// Close() or Fail(): the stream fails, so that a half-sent stream does not
// look complete. A stream is to be dropped before its loop ends: one that a
// coroutine still holds then leaves waiting senders waiting.
#ifndef MILLRACE_LOOP_CHANNEL_H_
#define MILLRACE_LOOP_CHANNEL_H_

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "loop/abort.h"
#include "loop/loop_ref.h"
#include "loop/promise.h"
#include "loop/stream.h"

namespace millrace {

namespace loop_internal {

absl::Status ChannelIsFull(size_t capacity);
absl::Status ReceiverHasEnded();

template <typename T>
class ChannelCore : public std::enable_shared_from_this<ChannelCore<T>> {
 public:
  explicit ChannelCore(size_t capacity)
      : home_(LoopRef::Current()), capacity_(std::max<size_t>(capacity, 1)) {}

  // Sending: any thread.

  Promise<void> Send(T value) {
    std::optional<Promise<void>> room;
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      if (absl::Status status = Refusal(); !status.ok()) {
        return Promise<void>::Reject(std::move(status));
      }
      values_.push_back(std::move(value));
      wake = WakeReceiver();
      if (values_.size() >= capacity_) {
        const Deferred<void> waiter;
        room = waiter.promise();
        waiters_.emplace_back(waiter);
      }
    }
    if (wake) PostArrival();
    return room.has_value() ? *room : Promise<void>::Resolve();
  }

  absl::Status TrySend(T& value) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      if (absl::Status status = Refusal(); !status.ok()) return status;
      if (values_.size() >= capacity_) return ChannelIsFull(capacity_);
      values_.push_back(std::move(value));
      wake = WakeReceiver();
    }
    if (wake) PostArrival();
    return absl::OkStatus();
  }

  void Close(absl::Status status) {
    std::vector<Homed<Deferred<void>>> waiters;
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      if (end_.has_value() || gone_.has_value()) return;
      end_ = std::move(status);
      // What was sent is accepted; nothing more will be.
      waiters.swap(waiters_);
      wake = WakeReceiver();
    }
    for (auto& waiter : waiters) LetGo(std::move(waiter));
    if (wake) PostArrival();
  }

  bool closed() {
    const std::lock_guard lock(mutex_);
    return end_.has_value() || gone_.has_value();
  }

  AbortSignal Cancelled() {
    const AbortController controller;
    std::optional<absl::Status> gone;
    {
      const std::lock_guard lock(mutex_);
      gone = gone_;
      if (!gone.has_value()) watchers_.emplace_back(controller);
    }
    if (gone.has_value()) controller.Abort(*gone);
    return controller.signal();
  }

  // Receiving: the home loop.

  Promise<std::optional<T>> Next() {
    if (readers_.empty()) {
      Taken taken = Take();
      if (taken.value.has_value()) {
        return Promise<std::optional<T>>::Resolve(std::move(taken.value));
      }
      if (taken.end.has_value()) {
        if (taken.end->ok()) {
          return Promise<std::optional<T>>::Resolve(std::optional<T>());
        }
        return Promise<std::optional<T>>::Reject(*std::move(taken.end));
      }
    }
    readers_.emplace_back();
    return readers_.back().promise();
  }

  void Cancel(const absl::Status& reason) {
    Leave(reason);
    for (const auto& reader : std::exchange(readers_, {})) {
      reader.Reject(reason);
    }
  }

 private:
  // A task that serves the readers; dropped before its turn, it tells the
  // senders that there will be none.
  class Arrival {
   public:
    explicit Arrival(std::shared_ptr<ChannelCore> core)
        : core_(std::move(core)) {}
    Arrival(Arrival&&) noexcept = default;
    ~Arrival() {
      if (core_ != nullptr) core_->Leave(ReceiverHasEnded());
    }
    void operator()() {
      const auto core = std::exchange(core_, nullptr);
      core->Serve();
    }

   private:
    std::shared_ptr<ChannelCore> core_;
  };

  absl::Status Refusal() const {
    if (gone_.has_value()) return *gone_;
    return end_.has_value() ? WrittenAfterClose() : absl::OkStatus();
  }

  // True when the caller has to post the arrival. Under the lock.
  bool WakeReceiver() { return std::exchange(reading_, false); }

  // A home that is gone drops the task, and so does what that does.
  void PostArrival() { home_.Post(Arrival(this->shared_from_this())); }

  static void LetGo(Homed<Deferred<void>> waiter) {
    std::move(waiter).Return(
        [](const Deferred<void>& room) { room.Resolve(); });
  }

  // The next value, or the end, or neither: then the next send wakes.
  struct Taken {
    std::optional<T> value;
    std::optional<absl::Status> end;
  };
  Taken Take() {
    Taken taken;
    std::vector<Homed<Deferred<void>>> waiters;
    {
      const std::lock_guard lock(mutex_);
      if (!values_.empty()) {
        taken.value = std::move(values_.front());
        values_.pop_front();
        if (values_.size() <= capacity_ / 2) waiters.swap(waiters_);
      } else if (end_.has_value()) {
        taken.end = end_;
      } else {
        reading_ = true;
      }
    }
    for (auto& waiter : waiters) LetGo(std::move(waiter));
    return taken;
  }

  // Gives the readers what there is.
  void Serve() {
    while (!readers_.empty()) {
      Taken taken = Take();
      if (taken.value.has_value()) {
        TakeReader().Resolve(std::move(taken.value));
      } else if (!taken.end.has_value()) {
        return;
      } else if (taken.end->ok()) {
        TakeReader().Resolve(std::optional<T>());
      } else {
        TakeReader().Reject(*std::move(taken.end));
      }
    }
  }

  Deferred<std::optional<T>> TakeReader() {
    Deferred<std::optional<T>> reader = std::move(readers_.front());
    readers_.pop_front();
    return reader;
  }

  // Nobody receives any more. Any thread: the home loop may be gone.
  void Leave(const absl::Status& reason) {
    std::deque<T> values;
    std::vector<Homed<Deferred<void>>> waiters;
    std::vector<Homed<AbortController>> watchers;
    {
      const std::lock_guard lock(mutex_);
      if (gone_.has_value()) return;
      gone_ = reason;
      values.swap(values_);
      waiters.swap(waiters_);
      watchers.swap(watchers_);
      reading_ = false;
    }
    for (auto& waiter : waiters) {
      std::move(waiter).Return(
          [reason](const Deferred<void>& room) { room.Reject(reason); });
    }
    for (auto& watcher : watchers) {
      std::move(watcher).Return([reason](const AbortController& controller) {
        controller.Abort(reason);
      });
    }
  }

  const LoopRef home_;
  const size_t capacity_;
  std::deque<Deferred<std::optional<T>>> readers_;  // the home loop's

  std::mutex mutex_;  // for all below
  std::deque<T> values_;
  std::vector<Homed<Deferred<void>>> waiters_;
  std::vector<Homed<AbortController>> watchers_;
  bool reading_ = false;              // readers wait and nobody has woken them
  std::optional<absl::Status> end_;   // Close() or Fail() was called
  std::optional<absl::Status> gone_;  // the receiver is gone
};

template <typename T>
class ChannelSource final : public StreamSource<T> {
 public:
  explicit ChannelSource(std::shared_ptr<ChannelCore<T>> core)
      : core_(std::move(core)) {}

  Promise<std::optional<T>> Next() override { return core_->Next(); }
  void Cancel(absl::Status reason) override {
    const std::shared_ptr<ChannelCore<T>> core = core_;
    core->Cancel(reason);
  }

 private:
  std::shared_ptr<ChannelCore<T>> core_;
};

}  // namespace loop_internal

// The sending end. Copies share it; any thread.
template <typename T>
class ChannelSender {
 public:
  ChannelSender() = default;

  // On a thread that has a loop: the promise is that loop's.
  Promise<void> Send(T value) const {
    return end_->core->Send(std::move(value));
  }
  // On any thread. RESOURCE_EXHAUSTED when `capacity` values wait, and what
  // Send() rejects with; `value` is left alone then.
  absl::Status TrySend(T&& value) const { return end_->core->TrySend(value); }

  // The stream ends after what was sent. Later calls do nothing.
  void Close() const { end_->core->Close(absl::OkStatus()); }
  // The same with an error.
  void Fail(absl::Status status) const { end_->core->Close(std::move(status)); }

  // Close() or Fail() was called, or the receiver is gone.
  bool closed() const { return end_->core->closed(); }
  // Aborts, on the calling loop, when the receiver is gone. A new one with
  // every call, kept until then.
  AbortSignal Cancelled() const { return end_->core->Cancelled(); }

  explicit ChannelSender(std::shared_ptr<loop_internal::ChannelCore<T>> core)
      : end_(std::make_shared<End>(std::move(core))) {}

 private:
  struct End {
    explicit End(std::shared_ptr<loop_internal::ChannelCore<T>> c)
        : core(std::move(c)) {}
    ~End() { core->Close(loop_internal::WriterDropped()); }
    std::shared_ptr<loop_internal::ChannelCore<T>> core;
  };

  std::shared_ptr<End> end_;
};

template <typename T>
struct LoopChannel {
  ChannelSender<T> sender;
  Stream<T> stream;
};

// On the receiving loop. At least one value may wait.
template <typename T>
LoopChannel<T> MakeChannel(size_t capacity = 64) {
  auto core = std::make_shared<loop_internal::ChannelCore<T>>(capacity);
  return {ChannelSender<T>(core),
          Stream<T>(std::make_unique<loop_internal::ChannelSource<T>>(core))};
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_CHANNEL_H_
