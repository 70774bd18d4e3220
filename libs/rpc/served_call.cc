#include <string>
#include <vector>

#include "base/strings.h"
#include "base/suggest.h"
#include "rpc/served_call_internal.h"

namespace millrace::rpc {
namespace {

absl::Status UnknownMethod(std::string_view path,
                           const Dispatcher& dispatcher) {
  std::vector<std::string> known;
  for (const ServiceBinding& binding : dispatcher.services()) {
    for (const MethodInfo& method : binding.info->methods) {
      known.emplace_back(method.path);
    }
  }
  return absl::UnimplementedError(
      StrCat("method ", path, " is not served here", DidYouMean(path, known)));
}

}  // namespace

ServedCalls::ServedCalls(Dispatcher& dispatcher, Logger& logger,
                         Metrics& metrics)
    : dispatcher(dispatcher),
      logger(logger),
      total(metrics.AddCounter("millrace_rpc_server_calls_total",
                               "gRPC calls that arrived")),
      in_flight(metrics.AddGauge("millrace_rpc_server_calls_in_flight",
                                 "gRPC calls being answered")),
      builtin(dispatcher) {}

void ServedCalls::Started() {
  ++count;
  total.Add();
  in_flight.Add(1);
}

void ServedCalls::Ended(ServedCall* call) {
  builtin_calls.erase(call);
  in_flight.Add(-1);
  if (--count == 0 && idle.has_value()) idle->Resolve();
}

void ServedCalls::FinishBuiltin() {
  // A copy: calls may end in here.
  const auto calls = builtin_calls;
  for (ServedCall* call : calls) {
    // Health watches end with their last news; reflection has none.
    if (call->target().method->kind != MethodKind::kBidi) continue;
    call->Finish(absl::UnavailableError("the server is shutting down"));
  }
}

absl::Status ServedCall::Route(std::string_view path, ServedCalls& calls) {
  dispatcher_ = &calls.dispatcher;
  std::optional<Target> target = dispatcher_->Find(path);
  if (!target.has_value()) {
    dispatcher_ = &calls.builtin.dispatcher();
    target = dispatcher_->Find(path);
    if (target.has_value()) calls.builtin_calls.insert(this);
  }
  if (!target.has_value()) return UnknownMethod(path, calls.dispatcher);
  target_ = *target;
  return absl::OkStatus();
}

void ServedCall::CancelReads(const absl::Status& reason) {
  for (const auto& reader : std::exchange(readers_, {})) reader.Reject(reason);
}

ServedCall::Reader ServedCall::NextReader() {
  Reader reader = std::move(readers_.front());
  readers_.erase(readers_.begin());
  return reader;
}

void ServedCall::SetReplies(Stream<MessagePtr> replies) {
  replies_ = std::move(replies);
  if (absl::Status death = Death(); !death.ok()) replies_.Cancel(death);
}

Promise<std::optional<MessagePtr>> ServedCall::NextReply() {
  if (replies_.valid()) return replies_.Next();
  absl::Status death = Death();
  if (death.ok()) death = absl::CancelledError("the call is over");
  return Promise<std::optional<MessagePtr>>::Reject(std::move(death));
}

}  // namespace millrace::rpc
