// Calls that are of no contract: routes of modules.

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "runtime/pipeline_internal.h"

namespace millrace::runtime {

const MethodInfo& Pipeline::AddPlain(std::string name) {
  auto method = std::make_unique<PlainMethod>();
  method->path = StrCat("/", name);
  method->info.path = method->path;
  method->info.name = method->info.path.substr(1);
  plain_.push_back(std::move(method));
  return plain_.back()->info;
}

Promise<void> Pipeline::Plain(IncomingCall incoming, PlainHandler handler) {
  Begun begun = Begin(incoming);
  const ActivityScope activity(ActivityOf(incoming, begun.trace));
  return RunPlain(std::move(incoming), std::move(handler), std::move(begun));
}

Promise<void> Pipeline::RunPlain(IncomingCall incoming, PlainHandler handler,
                                 Begun begun) {
  Scope scope(*this, incoming, std::move(begun));
  absl::Status failure;
  absl::Status outcome;
  try {
    if (auto wait = Prepare(incoming, scope.context)) co_await *std::move(wait);
    Call call = Admit(incoming, nullptr, scope);
    call.metadata = std::move(incoming.metadata);
    const AbortSignal signal = call.signal;
    outcome = co_await WithSignal(
        HandlePlain(InFlight(*this), std::move(handler), std::move(call)),
        signal);
  } catch (...) {
    failure = StatusFrom(std::current_exception());
  }
  if (failure.ok()) {
    (void)scope.Finish(std::move(outcome));
    co_return;
  }
  Throw(scope.Finish(std::move(failure)));
}

Promise<absl::Status> Pipeline::HandlePlain(InFlight, PlainHandler handler,
                                            Call call) {
  co_return co_await handler(call);
}

}  // namespace millrace::runtime
