#include "events/listener_nodes.h"

#include "base/status.h"
#include "base/strings.h"

namespace millrace::events_internal {
namespace {

void Report(EmitterAccess& access, std::string_view event,
            const std::exception_ptr& error) {
  if (access.core == nullptr) std::rethrow_exception(error);
  if (const auto handler = access.on_rejection) {
    return (*handler)(error, event);
  }
  // Else a rejection of an asynchronous error listener would come back here.
  struct Pause {
    explicit Pause(EmitterAccess& a) : access(a), before(a.capture_rejections) {
      access.capture_rejections = false;
    }
    ~Pause() { access.capture_rejections = before; }
    EmitterAccess& access;
    const bool before;
  } pause(access);
  access.core->EmitError(error);
}

}  // namespace

void Capture(const std::shared_ptr<EmitterAccess>& access,
             std::string_view event, Promise<void> promise) {
  // Without capture the promise is let go: its rejection is unhandled.
  if (!access->capture_rejections) return;
  loop_internal::OnSettled(
      std::move(promise), [access, event](Promise<void> ended) {
        if (!ended.rejected()) return;
        access->loop->NextTick([access, event, error = ended.error()] {
          Report(*access, event, error);
        });
      });
}

void ThrowNoListener(std::string_view event) {
  Throw(absl::InvalidArgumentError(
      StrCat("a Listener without a function was added to '", event, "'")));
}

void ThrowAsyncOnWorker(std::string_view event) {
  Throw(absl::InvalidArgumentError(
      StrCat("a listener of '", event,
             "' returns a promise and cannot run on a worker: promises belong "
             "to the loop. Use Dispatch::kImmediate and WorkerPool::Run()")));
}

void ThrowNotCopyable(std::string_view event) {
  Throw(absl::InvalidArgumentError(
      StrCat("the payload of '", event,
             "' cannot be copied: its listeners need Dispatch::kSync")));
}

ObservedNode::ObservedNode(NodeRef node, std::unique_ptr<ListenerProbe> to,
                           absl::Duration limit)
    : inner(std::move(node)), probe(std::move(to)), budget(limit) {
  invoke = [](ListenerNode* self, const void* payload) {
    const auto* node = static_cast<ObservedNode*>(self);
    ListenerProbe& probe = *node->probe;
    const ActivityRef activity = probe.OnCall();
    const CallEnd end = CallUnder(
        activity, [&] { node->inner->invoke(node->inner.get(), payload); });
    probe.OnListenerDone(end.took);
    if (end.took > node->budget) probe.OnOverBudget(end.took);
    if (activity) probe.OnCallEnded(*activity.get(), end);
    if (end.error != nullptr) std::rethrow_exception(end.error);
  };
}

DeferredNode::DeferredNode(NodeRef node, std::shared_ptr<EmitterAccess> shared,
                           std::string_view event, Dispatch how,
                           const AbortSignal& signal)
    : inner(std::move(node)),
      access(std::move(shared)),
      name(event),
      dispatch(how) {
  subscription = signal.OnAbort([this] { aborted = true; });
}

void DeferredNode::Schedule(Task call) {
  switch (dispatch) {
    case Dispatch::kSync:
      return call();
    case Dispatch::kNextTick:
      return access->loop->NextTick(std::move(call));
    case Dispatch::kImmediate:
      access->loop->SetImmediate(std::move(call));
      return;
    case Dispatch::kWorker:
      return Capture(access, name,
                     access->loop->workers().Run(std::move(call)));
  }
}

RegistrationNode::RegistrationNode(NodeRef node,
                                   std::shared_ptr<EmitterAccess> shared,
                                   size_t index, bool calls_once,
                                   const AbortSignal& signal)
    : inner(std::move(node)), access(std::move(shared)), event(index) {
  if (calls_once) {
    invoke = [](ListenerNode* self, const void* payload) {
      auto* node = static_cast<RegistrationNode*>(self);
      if (node->fired) return;
      // Who calls keeps this node.
      node->Leave();
      node->fired = true;
      node->inner->invoke(node->inner.get(), payload);
    };
  } else {
    invoke = [](ListenerNode* self, const void* payload) {
      auto* node = static_cast<RegistrationNode*>(self);
      node->inner->invoke(node->inner.get(), payload);
    };
  }
  subscription = signal.OnAbort([this] { Leave(); });
}

void RegistrationNode::Leave() {
  if (access->core != nullptr) access->core->Remove(event, this);
}

}  // namespace millrace::events_internal
