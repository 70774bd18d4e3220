// The kinds of listeners: plain functions, Once() wrappers, and those that are
// called later or elsewhere. Private to events.
#ifndef MILLRACE_EVENTS_LISTENER_NODES_H_
#define MILLRACE_EVENTS_LISTENER_NODES_H_

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include "events/emitter_core.h"
#include "events/listener.h"
#include "loop/abort.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "loop/worker_pool.h"

namespace millrace {

// When a listener is called.
enum class Dispatch {
  kSync,       // inside Emit(), as in Node
  kNextTick,   // with a copy of the payload, as the ones below
  kImmediate,  // in the check phase
  kWorker,     // on a thread of the loop's pool; must be thread-safe
};

namespace events_internal {

// What an emitter shares with listeners that outlive a call of Emit().
struct EmitterAccess {
  EventLoop* loop;
  EmitterCore* core;  // null once the emitter is gone
  bool capture_rejections = false;
};

// Reports a rejection of an asynchronous listener, in a next tick: through the
// error event if the emitter captures them, as unhandled otherwise.
void Capture(const std::shared_ptr<EmitterAccess>& access,
             Promise<void> promise);

template <typename Payload, typename F>
decltype(auto) CallListener(F& f, const Payload& payload) {
  if constexpr (std::is_invocable_v<F&, const Payload&>) {
    return f(payload);
  } else {
    return f();
  }
}

template <typename Payload, typename F>
struct FunctionNode final : ListenerNode {
  using Result = decltype(CallListener<Payload>(
      std::declval<F&>(), std::declval<const Payload&>()));

  FunctionNode(F function, std::shared_ptr<EmitterAccess> shared)
      : f(std::move(function)), access(std::move(shared)) {
    invoke = [](ListenerNode* self, const void* payload) {
      auto* node = static_cast<FunctionNode*>(self);
      const auto& value = *static_cast<const Payload*>(payload);
      if constexpr (std::is_same_v<Result, Promise<void>>) {
        Capture(node->access, CallListener<Payload>(node->f, value));
      } else {
        CallListener<Payload>(node->f, value);
      }
    };
  }

  F f;
  std::shared_ptr<EmitterAccess> access;
};

// Removes itself before it calls, and calls once even if emits overlap.
struct OnceNode final : ListenerNode {
  OnceNode(NodeRef node, std::shared_ptr<EmitterAccess> shared, size_t index);
  ListenerNode* original() override { return inner->original(); }

  const NodeRef inner;
  const std::shared_ptr<EmitterAccess> access;
  const size_t event;
  bool fired = false;
};

// Removes itself when a signal aborts, and forgets the signal when it goes.
struct SignalNode final : ListenerNode {
  SignalNode(NodeRef node, std::shared_ptr<EmitterAccess> shared, size_t event,
             const AbortSignal& signal);
  ListenerNode* original() override { return inner->original(); }

  const NodeRef inner;
  const std::shared_ptr<EmitterAccess> access;
  AbortSubscription subscription;
};

// Calls `inner` later, with a copy of the payload.
template <typename Payload>
struct DeferredNode final : ListenerNode {
  DeferredNode(NodeRef node, std::shared_ptr<EmitterAccess> shared,
               Dispatch how)
      : inner(std::move(node)), access(std::move(shared)), dispatch(how) {
    invoke = [](ListenerNode* self, const void* payload) {
      auto* node = static_cast<DeferredNode*>(self);
      node->Schedule(*static_cast<const Payload*>(payload));
    };
  }
  ListenerNode* original() override { return inner->original(); }

  void Schedule(Payload payload) {
    auto call = [node = inner, value = std::move(payload)] {
      node->invoke(node.get(), &value);
    };
    switch (dispatch) {
      case Dispatch::kSync:
        return call();
      case Dispatch::kNextTick:
        return access->loop->NextTick(std::move(call));
      case Dispatch::kImmediate:
        access->loop->SetImmediate(std::move(call));
        return;
      case Dispatch::kWorker:
        return Capture(access, access->loop->workers().Run(std::move(call)));
    }
  }

  const NodeRef inner;
  const std::shared_ptr<EmitterAccess> access;
  const Dispatch dispatch;
};

}  // namespace events_internal
}  // namespace millrace

#endif  // MILLRACE_EVENTS_LISTENER_NODES_H_
