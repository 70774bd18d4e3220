// The kinds of listeners: plain functions, and wrappers of one. From the inside
// out, and each only where it is asked for: the function, its measurement, its
// dispatch, its registration (Once(), a signal). Private to events.
#ifndef MILLRACE_EVENTS_LISTENER_NODES_H_
#define MILLRACE_EVENTS_LISTENER_NODES_H_

#include <atomic>
#include <exception>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "events/emitter_core.h"
#include "events/emitter_observer.h"
#include "events/listener.h"
#include "loop/abort.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "loop/worker_pool.h"

namespace millrace {

// Is given what an asynchronous listener was rejected with, and the event.
using RejectionHandler =
    absl::AnyInvocable<void(std::exception_ptr, std::string_view event)>;

namespace events_internal {

// What an emitter shares with listeners that outlive a call of Emit().
struct EmitterAccess {
  EventLoop* loop = nullptr;
  EmitterCore* core = nullptr;     // null once the emitter is gone
  std::atomic<bool> gone = false;  // the same for other threads
  bool capture_rejections = false;
  std::shared_ptr<RejectionHandler> on_rejection;
};

// Reports a rejection of an asynchronous listener, in a next tick: through the
// error event if the emitter captures them, as unhandled otherwise.
void Capture(const std::shared_ptr<EmitterAccess>& access,
             std::string_view event, Promise<void> promise);

[[noreturn]] void ThrowNoListener(std::string_view event);
[[noreturn]] void ThrowAsyncOnWorker(std::string_view event);
[[noreturn]] void ThrowNotCopyable(std::string_view event);

template <typename Payload, typename F>
decltype(auto) CallListener(F& f, const Payload& payload) {
  if constexpr (std::is_invocable_v<F&, const Payload&>) {
    return f(payload);
  } else {
    return f();
  }
}

template <typename E, typename F>
struct FunctionNode final : ListenerNode {
  using Payload = typename E::Payload;
  using Result = decltype(CallListener<Payload>(
      std::declval<F&>(), std::declval<const Payload&>()));
  static constexpr bool kAsync = std::is_same_v<Result, Promise<void>>;

  FunctionNode(F function, const std::shared_ptr<EmitterAccess>& shared)
      : f(std::move(function)) {
    if constexpr (kAsync) access = shared;
    invoke = [](ListenerNode* self, const void* payload) {
      auto* node = static_cast<FunctionNode*>(self);
      const auto& value = *static_cast<const Payload*>(payload);
      if constexpr (kAsync) {
        Capture(node->access, E::kName, CallListener<Payload>(node->f, value));
      } else {
        CallListener<Payload>(node->f, value);
      }
    };
  }
  bool asynchronous() const override { return kAsync; }

  struct Nothing {};

  F f;
  [[no_unique_address]] std::conditional_t<
      kAsync, std::shared_ptr<EmitterAccess>, Nothing>
      access;
};

// Measures each call of `inner`, and has it followed.
struct ObservedNode final : ListenerNode {
  ObservedNode(NodeRef node, std::unique_ptr<ListenerProbe> to,
               absl::Duration limit);
  ListenerNode* original() override { return inner->original(); }
  bool asynchronous() const override { return inner->asynchronous(); }

  const NodeRef inner;
  const std::unique_ptr<ListenerProbe> probe;
  const absl::Duration budget;
};

// Calls `inner` later, with a copy of the payload, unless the signal has
// aborted or the emitter is gone by then.
struct DeferredNode : ListenerNode {
  DeferredNode(NodeRef node, std::shared_ptr<EmitterAccess> shared,
               std::string_view event, Dispatch how, const AbortSignal& signal);
  ListenerNode* original() override { return inner->original(); }
  bool asynchronous() const override { return inner->asynchronous(); }

  // Any thread.
  bool Dropped() const {
    return aborted.load(std::memory_order_relaxed) ||
           access->gone.load(std::memory_order_relaxed);
  }
  void Schedule(Task call);

  const NodeRef inner;
  const std::shared_ptr<EmitterAccess> access;
  const std::string_view name;
  const Dispatch dispatch;
  std::atomic<bool> aborted = false;
  AbortSubscription subscription;
};

template <typename Payload>
struct CopyingNode final : DeferredNode {
  template <typename... Args>
  explicit CopyingNode(Args&&... args)
      : DeferredNode(std::forward<Args>(args)...) {
    invoke = [](ListenerNode* self, const void* payload) {
      auto* node = static_cast<CopyingNode*>(self);
      // The call is destroyed on the loop's thread, wherever it ran: nodes are
      // counted without atomics.
      node->Schedule([own = NodeRef::Share(node),
                      value = *static_cast<const Payload*>(payload)] {
        auto* self = static_cast<CopyingNode*>(own.get());
        if (!self->Dropped()) self->inner->invoke(self->inner.get(), &value);
      });
    };
  }
};

// A place in an emitter's list that gives itself up: before its first call, or
// when a signal aborts.
struct RegistrationNode final : ListenerNode {
  RegistrationNode(NodeRef node, std::shared_ptr<EmitterAccess> shared,
                   size_t index, bool calls_once, const AbortSignal& signal);
  ListenerNode* original() override { return inner->original(); }
  bool asynchronous() const override { return inner->asynchronous(); }

  void Leave();

  const NodeRef inner;
  const std::shared_ptr<EmitterAccess> access;
  const size_t event;
  bool fired = false;
  AbortSubscription subscription;
};

}  // namespace events_internal
}  // namespace millrace

#endif  // MILLRACE_EVENTS_LISTENER_NODES_H_
