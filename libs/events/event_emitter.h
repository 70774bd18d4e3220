// EventEmitter<Contract>: Node's EventEmitter, typed by a contract.
//
//   EventEmitter<UserEvents> events(loop);
//   events.On<UserEvents::Created>([](const UserCreated& e) { ... });
//   events.Emit<UserEvents::Created>(created);
//
// Emit() calls the listeners at once, in order, and returns whether there were
// any. It goes through the listeners that existed when it began: what a
// listener adds or removes counts from the next emit on. What a listener
// throws leaves Emit(), and the rest is not called. ErrorEvent without a
// listener throws its payload.
//
// A listener takes `const Payload&` or nothing. One that returns Promise<void>
// is asynchronous: it copies what it needs of the payload before it suspends,
// and a rejection is unhandled, or an ErrorEvent with capture_rejections.
//
// Loop-bound. The emitter may be destroyed inside an emit.
#ifndef MILLRACE_EVENTS_EVENT_EMITTER_H_
#define MILLRACE_EVENTS_EVENT_EMITTER_H_

#include <cassert>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "events/emitter_core.h"
#include "events/event_tags.h"
#include "events/listener.h"
#include "events/listener_nodes.h"
#include "loop/abort.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "loop/stream.h"

namespace millrace {

struct EmitterOptions {
  // More listeners of one event than this are reported once; 0 is no limit.
  size_t max_listeners = 10;
  bool capture_rejections = false;
};

struct ListenOptions {
  Dispatch dispatch = Dispatch::kSync;
  // The listener is removed when it aborts.
  AbortSignal signal;
};

using events_internal::LeakWarning;

template <typename Contract>
class EventEmitter {
 public:
  explicit EventEmitter(EventLoop& loop, EmitterOptions options = {})
      : core_(slots_, kSlots),
        access_(std::make_shared<events_internal::EmitterAccess>()) {
    access_->loop = &loop;
    access_->core = &core_;
    access_->capture_rejections = options.capture_rejections;
    core_.set_max_listeners(options.max_listeners);
  }
  ~EventEmitter() { access_->core = nullptr; }
  EventEmitter(const EventEmitter&) = delete;
  EventEmitter& operator=(const EventEmitter&) = delete;

  EventLoop& loop() const { return *access_->loop; }

  // A listener that is not added yet.
  template <typename E, typename F>
  Listener<E> MakeListener(F f) const {
    using Node = events_internal::FunctionNode<typename E::Payload, F>;
    return Listener<E>(
        events_internal::NodeRef(new Node(std::move(f), access_)));
  }

  // Each takes a function, or a listener that exists, and returns the listener
  // to be removed with Off().
  template <typename E, typename F>
  Listener<E> On(F f, ListenOptions options = {}) {
    return Add<E>(AsListener<E>(std::move(f)), false, false, options);
  }
  template <typename E, typename F>
  Listener<E> PrependListener(F f, ListenOptions options = {}) {
    return Add<E>(AsListener<E>(std::move(f)), false, true, options);
  }
  // Removed before its first call.
  template <typename E, typename F>
  Listener<E> Once(F f, ListenOptions options = {}) {
    return Add<E>(AsListener<E>(std::move(f)), true, false, options);
  }
  template <typename E, typename F>
  Listener<E> PrependOnceListener(F f, ListenOptions options = {}) {
    return Add<E>(AsListener<E>(std::move(f)), true, true, options);
  }

  // A copy of the next payload. Rejects with an ErrorEvent that comes first,
  // or with the signal's reason.
  template <typename E>
  Promise<typename E::Payload> Once(AbortSignal signal = {});

  // Copies of the payloads from now on, unread ones without a limit. Fails with
  // an ErrorEvent or the signal's reason; the listener goes with the stream.
  template <typename E>
  Stream<typename E::Payload> Events(AbortSignal signal = {});

  // Removes the instance that was added last; false when there is none.
  template <typename E>
  bool Off(const Listener<E>& listener) {
    AssertThread();
    return core_.Remove(Index<E>(), listener.node().get());
  }
  template <typename E>
  void RemoveAllListeners() {
    AssertThread();
    core_.RemoveAll(Index<E>());
  }
  void RemoveAllListeners() {
    AssertThread();
    core_.RemoveAll();
  }

  template <typename E>
  bool Emit(const typename E::Payload& payload) {
    assert(EventLoop::Current() == access_->loop);
    if constexpr (std::is_same_v<E, ErrorEvent>) {
      return core_.EmitError(payload);
    } else {
      return core_.Emit(Index<E>(), &payload);
    }
  }

  template <typename E>
  size_t ListenerCount() const {
    return core_.Count(Index<E>(), nullptr);
  }
  template <typename E>
  size_t ListenerCount(const Listener<E>& listener) const {
    return core_.Count(Index<E>(), listener.node().get());
  }
  // In calling order; the functions that Once() and dispatches wrap.
  template <typename E>
  std::vector<Listener<E>> Listeners() const {
    return Wrap<E>(core_.Listeners(Index<E>(), false));
  }
  // The same with the wrappers.
  template <typename E>
  std::vector<Listener<E>> RawListeners() const {
    return Wrap<E>(core_.Listeners(Index<E>(), true));
  }
  // Events that have listeners, in the order in which they got their first.
  std::vector<std::string_view> EventNames() const { return core_.Names(); }

  void SetMaxListeners(size_t max) { core_.set_max_listeners(max); }
  size_t max_listeners() const { return core_.max_listeners(); }
  // Instead of a line on stderr. Once for each event and list.
  void OnLeakWarning(absl::AnyInvocable<void(const LeakWarning&)> warn) {
    core_.set_warn(std::move(warn));
  }

 private:
  static constexpr size_t kSlots =
      Contract::kEventCount + events_internal::kBuiltInCount;

  template <typename E>
  static constexpr size_t Index() {
    return events_internal::IndexOf<Contract, E>();
  }

  void AssertThread() const { access_->loop->AssertThread(); }

  template <typename E>
  Listener<E> AsListener(Listener<E> listener) const {
    return listener;
  }
  template <typename E, typename F>
  Listener<E> AsListener(F f) const {
    return MakeListener<E>(std::move(f));
  }

  template <typename E>
  static std::vector<Listener<E>> Wrap(
      std::vector<events_internal::NodeRef> nodes) {
    std::vector<Listener<E>> listeners;
    for (auto& node : nodes) listeners.emplace_back(std::move(node));
    return listeners;
  }

  template <typename E>
  Listener<E> Add(Listener<E> listener, bool once, bool prepend,
                  const ListenOptions& options);

  events_internal::ListenerList* slots_[kSlots] = {};
  events_internal::EmitterCore core_;
  std::shared_ptr<events_internal::EmitterAccess> access_;
};

template <typename Contract>
template <typename E>
Listener<E> EventEmitter<Contract>::Add(Listener<E> listener, bool once,
                                        bool prepend,
                                        const ListenOptions& options) {
  using events_internal::NodeRef;
  AssertThread();
  if (options.signal.aborted()) return listener;
  NodeRef node = listener.node();
  if (options.dispatch != Dispatch::kSync) {
    node = NodeRef(new events_internal::DeferredNode<typename E::Payload>(
        std::move(node), access_, options.dispatch));
  }
  if (once) {
    node = NodeRef(
        new events_internal::OnceNode(std::move(node), access_, Index<E>()));
  }
  if (options.signal.can_abort()) {
    node = NodeRef(new events_internal::SignalNode(std::move(node), access_,
                                                   Index<E>(), options.signal));
  }
  core_.Add(Index<E>(), E::kName, std::move(node), prepend);
  return listener;
}

template <typename Contract>
template <typename E>
Promise<typename E::Payload> EventEmitter<Contract>::Once(AbortSignal signal) {
  using Payload = typename E::Payload;
  Deferred<Payload> first;
  Promise<Payload> promise = first.promise();
  if (signal.aborted()) {
    first.Reject(signal.reason());
    return promise;
  }
  // Whatever comes first ends the others.
  AbortController done;
  const ListenOptions until{.signal = done.signal()};
  // The listener has it, so that it goes with the emitter.
  auto subscription = std::make_shared<AbortSubscription>(
      signal.OnAbortReason([first, done](const absl::Status& reason) {
        done.Abort();
        first.Reject(reason);
      }));
  On<E>(
      [first, done, subscription](const Payload& payload) {
        done.Abort();
        first.Resolve(payload);
      },
      until);
  if constexpr (!std::is_same_v<E, ErrorEvent>) {
    On<ErrorEvent>(
        [first, done](const std::exception_ptr& error) {
          done.Abort();
          first.Reject(error);
        },
        until);
  }
  // One microtask more than a promise of our own, as events.once() takes.
  Deferred<Payload> result;
  result.Resolve(std::move(promise));
  return result.promise();
}

template <typename Contract>
template <typename E>
Stream<typename E::Payload> EventEmitter<Contract>::Events(AbortSignal signal) {
  using Payload = typename E::Payload;
  auto pipe = MakePipe<Payload>(std::numeric_limits<size_t>::max());
  const StreamWriter<Payload> writer = pipe.writer;
  if (signal.aborted()) {
    writer.Fail(signal.reason());
    return std::move(pipe.stream);
  }
  AbortController done;
  const ListenOptions until{.signal = done.signal()};
  writer.cancelled().OnAbort([done] { done.Abort(); }).Keep();
  auto subscription = std::make_shared<AbortSubscription>(
      signal.OnAbortReason([writer, done](const absl::Status& reason) {
        writer.Fail(reason);
        done.Abort();
      }));
  On<E>(
      [writer, subscription](const Payload& payload) {
        // Never waits: there is no limit.
        if (!writer.closed()) static_cast<void>(writer.Write(payload));
      },
      until);
  if constexpr (!std::is_same_v<E, ErrorEvent>) {
    On<ErrorEvent>(
        [writer, done](const std::exception_ptr& error) {
          writer.Fail(StatusFrom(error));
          done.Abort();
        },
        until);
  }
  return std::move(pipe.stream);
}

}  // namespace millrace

#endif  // MILLRACE_EVENTS_EVENT_EMITTER_H_
