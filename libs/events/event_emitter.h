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
// A listener with another dispatch than kSync gets a copy of the payload. Its
// call belongs to the emit: that the listener is removed afterwards, by Off()
// or as a Once(), changes nothing. Only its signal and the emitter's end drop
// calls that have not begun. What it throws goes where it would from there:
// kNextTick and kImmediate to OnUncaught(), kWorker where the rejection of an
// asynchronous listener goes.
//
// On() and its like throw StatusError (INVALID_ARGUMENT) for what cannot be
// called: a Listener without a function, an asynchronous one on a worker, a
// payload without copies with another dispatch than kSync.
//
// Loop-bound. The emitter may be destroyed by its own listeners.
#ifndef MILLRACE_EVENTS_EVENT_EMITTER_H_
#define MILLRACE_EVENTS_EVENT_EMITTER_H_

#include <cassert>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "events/emitter_core.h"
#include "events/emitter_options.h"
#include "events/event_tags.h"
#include "events/listener.h"
#include "events/listener_nodes.h"
#include "loop/abort.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "loop/stream.h"

namespace millrace {

using events_internal::LeakWarning;

template <typename Contract>
class EventEmitter {
 public:
  explicit EventEmitter(EventLoop& loop, EmitterOptions options = {})
      : core_(slots_, kSlots, NameOf(options), options.observer),
        budget_(options.budget),
        access_(std::make_shared<events_internal::EmitterAccess>()) {
    access_->loop = &loop;
    access_->core = &core_;
    access_->capture_rejections = options.capture_rejections;
    core_.set_max_listeners(options.max_listeners);
  }
  ~EventEmitter() {
    access_->core = nullptr;
    access_->gone = true;
    access_->on_rejection = nullptr;
  }
  EventEmitter(const EventEmitter&) = delete;
  EventEmitter& operator=(const EventEmitter&) = delete;

  EventLoop& loop() const { return *access_->loop; }

  // A listener that is not added yet.
  template <typename E, typename F>
  Listener<E> MakeListener(F f) const {
    using Node = events_internal::FunctionNode<E, F>;
    return Listener<E>(
        events_internal::NodeRef(new Node(std::move(f), access_)));
  }

  // Node's on and addListener. Each takes a function, or a listener that
  // exists, and returns the listener to be removed with Off().
  template <typename E, typename F>
  Listener<E> On(F f, ListenOptions options = {}) {
    return Add<E>(AsListener<E>(std::move(f)), false, false, options);
  }
  template <typename E, typename F>
  Listener<E> AddListener(F f, ListenOptions options = {}) {
    return On<E>(std::move(f), std::move(options));
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

  // A copy of the next payload; of an ErrorEvent, too. Rejects with an
  // ErrorEvent that comes first, or with the signal's reason.
  template <typename E>
  Promise<typename E::Payload> Once(AbortSignal signal = {});

  // Copies of the payloads from now on. Ends when one of the events `Close` is
  // emitted; fails with an ErrorEvent, the signal's reason, ABORTED when the
  // listener was removed or the emitter is gone, or RESOURCE_EXHAUSTED: see
  // EventStreamOptions. In each case after what was not read yet. The listeners
  // go when the stream ends or is dropped.
  template <typename E, typename... Close>
  Stream<typename E::Payload> Events(EventStreamOptions options = {});

  // Removes the instance that was added last; false when there is none.
  template <typename E>
  bool Off(const Listener<E>& listener) {
    AssertThread();
    return core_.Remove(Index<E>(), listener.node().get());
  }
  template <typename E>
  bool RemoveListener(const Listener<E>& listener) {
    return Off<E>(listener);
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
      if (core_.observer() != nullptr) [[unlikely]] {
        return core_.EmitObserved(Index<E>(), E::kName, &payload);
      }
      return events_internal::EmitterCore::EmitTo(slots_[Index<E>()], &payload);
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

  // Given what asynchronous listeners are rejected with, in a next tick and
  // instead of an ErrorEvent; captures from now on. Node's nodejs.rejection.
  // What it throws is uncaught, a promise it rejects is unhandled.
  void OnRejection(RejectionHandler handler) {
    access_->capture_rejections = true;
    access_->on_rejection =
        std::make_shared<RejectionHandler>(std::move(handler));
  }

  const std::string& name() const { return core_.name(); }
  void SetMaxListeners(size_t max) { core_.set_max_listeners(max); }
  size_t max_listeners() const { return core_.max_listeners(); }
  // Instead of a warning of the loop, as Node has it. Once for each event and
  // list.
  void OnLeakWarning(absl::AnyInvocable<void(const LeakWarning&)> warn) {
    core_.set_warn(std::move(warn));
  }

 private:
  static constexpr size_t kSlots =
      Contract::kEventCount + events_internal::kBuiltInCount;

  static std::string NameOf(EmitterOptions& options) {
    if constexpr (requires { Contract::kName; }) {
      if (options.name.empty()) return std::string(Contract::kName);
    }
    return std::move(options.name);
  }

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

  template <typename E>
  events_internal::NodeRef Observed(events_internal::NodeRef node,
                                    const ListenOptions& options);
  template <typename E>
  events_internal::NodeRef Dispatched(events_internal::NodeRef node,
                                      const ListenOptions& options) const;

  events_internal::ListenerList* slots_[kSlots] = {};
  events_internal::EmitterCore core_;
  const absl::Duration budget_;
  std::shared_ptr<events_internal::EmitterAccess> access_;
};

template <typename Contract>
template <typename E>
events_internal::NodeRef EventEmitter<Contract>::Observed(
    events_internal::NodeRef node, const ListenOptions& options) {
  const absl::Duration budget =
      options.budget > absl::ZeroDuration() ? options.budget : budget_;
  std::unique_ptr<ListenerProbe> probe = core_.observer()->Watch(
      {.emitter = core_.name(),
       .event = E::kName,
       .listener = options.name.empty() ? std::string_view("unnamed")
                                        : std::string_view(options.name),
       .dispatch = options.dispatch,
       .budget = budget});
  if (probe == nullptr) return node;
  return events_internal::NodeRef(new events_internal::ObservedNode(
      std::move(node), std::move(probe), budget));
}

template <typename Contract>
template <typename E>
events_internal::NodeRef EventEmitter<Contract>::Dispatched(
    events_internal::NodeRef node, const ListenOptions& options) const {
  using Payload = typename E::Payload;
  if (options.dispatch == Dispatch::kWorker && node->asynchronous()) {
    events_internal::ThrowAsyncOnWorker(E::kName);
  }
  if constexpr (std::is_copy_constructible_v<Payload>) {
    return events_internal::NodeRef(new events_internal::CopyingNode<Payload>(
        std::move(node), access_, E::kName, options.dispatch, options.signal));
  } else {
    events_internal::ThrowNotCopyable(E::kName);
  }
}

template <typename Contract>
template <typename E>
Listener<E> EventEmitter<Contract>::Add(Listener<E> listener, bool once,
                                        bool prepend,
                                        const ListenOptions& options) {
  using events_internal::NodeRef;
  AssertThread();
  if (!listener.valid()) events_internal::ThrowNoListener(E::kName);
  if (options.signal.aborted()) return listener;
  NodeRef node = listener.node();
  if (core_.observer() != nullptr) {
    node = Observed<E>(std::move(node), options);
  }
  if (options.dispatch != Dispatch::kSync) {
    node = Dispatched<E>(std::move(node), options);
  }
  if (once || options.signal.can_abort()) {
    node = NodeRef(new events_internal::RegistrationNode(
        std::move(node), access_, Index<E>(), once, options.signal));
  }
  const std::shared_ptr<events_internal::EmitterAccess> access = access_;
  core_.Add(Index<E>(), E::kName, node, prepend);
  // By a listener of newListener, who may also have destroyed the emitter.
  if (options.signal.aborted() && access->core != nullptr) {
    access->core->Remove(Index<E>(), node.get());
  }
  return listener;
}

// Node's events.setMaxListeners() and getMaxListeners(), for emitters and
// AbortSignals.
template <typename... Targets>
void SetMaxListeners(size_t max, Targets&&... targets) {
  (targets.SetMaxListeners(max), ...);
}
template <typename Target>
size_t GetMaxListeners(const Target& target) {
  return target.max_listeners();
}

}  // namespace millrace

#include "events/emitter_await.h"  // IWYU pragma: export

#endif  // MILLRACE_EVENTS_EVENT_EMITTER_H_
