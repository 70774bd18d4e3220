#include "contract/dispatcher.h"

#include <utility>

#include "base/status.h"

namespace millrace {
namespace {

// Takes the metadata out of `incoming`.
Call CallOf(IncomingCall& incoming) {
  Call call;
  const auto trace = ReceivedTrace(incoming.metadata);
  call.context.trace = trace ? *trace : TraceContext::NewRoot();
  call.context.deadline = incoming.deadline;
  call.signal = incoming.signal;
  call.metadata = std::move(incoming.metadata);
  call.reply = incoming.reply;
  return call;
}

Promise<MessagePtr> Run(IncomingCall incoming, MessagePtr request) {
  const MethodInfo& method = *incoming.method;
  ThrowIfError(method.validate(*request));
  const Call call = CallOf(incoming);
  co_return co_await method.unary(incoming.binding->service, call, *request);
}

}  // namespace

std::string ListedMetadata(const Metadata& metadata, std::string_view name) {
  std::string list;
  for (const auto& [key, value] : metadata) {
    if (key != name || value.empty()) continue;
    if (!list.empty()) list += ',';
    list += value;
  }
  return list;
}

std::optional<TraceContext> ReceivedTrace(const Metadata& metadata) {
  const std::string* traceparent = nullptr;
  for (const auto& [name, value] : metadata) {
    if (name != "traceparent") continue;
    if (traceparent != nullptr) return std::nullopt;
    traceparent = &value;
  }
  if (traceparent == nullptr) return std::nullopt;
  return TraceContext::Parse(*traceparent,
                             ListedMetadata(metadata, "tracestate"));
}

MethodIndex::MethodIndex(std::vector<ServiceBinding> services)
    : services_(std::move(services)) {
  for (const ServiceBinding& binding : services_) {
    for (const MethodInfo& method : binding.info->methods) {
      targets_.emplace(method.path, Target{&binding, &method});
    }
  }
}

std::optional<Target> MethodIndex::Find(std::string_view path) const {
  const auto it = targets_.find(path);
  if (it == targets_.end()) return std::nullopt;
  return it->second;
}

Stream<MessagePtr> Validated(const MethodInfo& method,
                             Stream<MessagePtr> requests) {
  return std::move(requests).Map([&method](MessagePtr request) -> MessagePtr {
    ThrowIfError(method.validate(*request));
    return request;
  });
}

DirectDispatcher::DirectDispatcher(std::vector<ServiceBinding> services)
    : index_(std::move(services)) {}

std::optional<Target> DirectDispatcher::Find(std::string_view path) const {
  return index_.Find(path);
}

Promise<MessagePtr> DirectDispatcher::Unary(IncomingCall call,
                                            MessagePtr request) {
  return Run(std::move(call), std::move(request));
}

Stream<MessagePtr> DirectDispatcher::Streaming(IncomingCall call,
                                               Stream<MessagePtr> requests) {
  return call.method->stream(call.binding->service, CallOf(call),
                             Validated(*call.method, std::move(requests)));
}

absl::Span<const ServiceBinding> DirectDispatcher::services() const {
  return index_.services();
}

}  // namespace millrace
