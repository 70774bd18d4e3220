#include "events/listener_nodes.h"

namespace millrace::events_internal {

void Capture(const std::shared_ptr<EmitterAccess>& access,
             Promise<void> promise) {
  // Without capture the promise is let go: its rejection is unhandled.
  if (!access->capture_rejections) return;
  loop_internal::OnSettled(std::move(promise), [access](Promise<void> ended) {
    if (!ended.rejected()) return;
    access->loop->NextTick([access, error = ended.error()] {
      if (access->core == nullptr) std::rethrow_exception(error);
      access->core->EmitError(error);
    });
  });
}

OnceNode::OnceNode(NodeRef node, std::shared_ptr<EmitterAccess> shared,
                   size_t index)
    : inner(std::move(node)), access(std::move(shared)), event(index) {
  invoke = [](ListenerNode* self, const void* payload) {
    auto* once = static_cast<OnceNode*>(self);
    if (once->fired) return;
    // The list that is being emitted keeps this node.
    if (once->access->core != nullptr) {
      once->access->core->Remove(once->event, once);
    }
    once->fired = true;
    once->inner->invoke(once->inner.get(), payload);
  };
}

SignalNode::SignalNode(NodeRef node, std::shared_ptr<EmitterAccess> shared,
                       size_t event, const AbortSignal& signal)
    : inner(std::move(node)), access(std::move(shared)) {
  invoke = [](ListenerNode* self, const void* payload) {
    auto* node = static_cast<SignalNode*>(self);
    node->inner->invoke(node->inner.get(), payload);
  };
  subscription = signal.OnAbort([this, event] {
    if (access->core != nullptr) access->core->Remove(event, this);
  });
}

}  // namespace millrace::events_internal
