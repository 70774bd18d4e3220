#include <grpc/grpc.h>
#include <grpc/slice.h>

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "rpc/client_call_internal.h"
#include "rpc/wire_internal.h"

namespace millrace::rpc {

ClientCall::ClientCall(std::shared_ptr<ChannelCore> core,
                       const Attempt& attempt)
    : core_(std::move(core)),
      method_(attempt.method),
      signal_(attempt.call.signal) {
  const CallContext& caller = attempt.call.context;
  context_.emplace();
  if (attempt.deadline != absl::InfiniteFuture()) {
    context_->set_deadline(FromTime(attempt.deadline));
  }
  if (caller.trace.valid()) {
    context_->AddMetadata("traceparent", caller.trace.traceparent());
    AddText("tracestate", caller.trace.tracestate);
  }
  AddText("baggage", caller.baggage);
  if (!caller.token.empty()) {
    AddText("authorization", StrCat("Bearer ", caller.token));
  }
  if (attempt.metadata != nullptr) {
    for (const auto& [name, value] : *attempt.metadata) {
      context_->AddMetadata(name, value);
    }
  }
  core_->calls.insert(this);
  core_->engine.CallStarted();
  subscription_ = signal_.OnAbort([this] { Cancel(signal_.reason()); });
}

void ClientCall::AddText(const std::string& name, const std::string& value) {
  if (value.empty()) return;
  const grpc_slice slice =
      grpc_slice_from_static_buffer(value.data(), value.size());
  if (grpc_header_nonbin_value_is_legal(slice) != 0) {
    context_->AddMetadata(name, value);
  }
}

ClientCall::~ClientCall() { End(); }

void ClientCall::End() {
  subscription_.Remove();
  const std::shared_ptr<ChannelCore> core = std::exchange(core_, nullptr);
  if (core == nullptr) return;
  context_.reset();
  core->calls.erase(this);
  core->engine.CallEnded();
}

void ClientCall::Cancel(absl::Status reason) {
  if (!cancelled_.ok() || !context_.has_value()) return;
  cancelled_ = std::move(reason);
  context_->TryCancel();
}

absl::Status ClientCall::Outcome(const grpc::Status& status) {
  absl::Status outcome = Explained(status);
  if (outcome.ok()) {
    core_->budget.Succeeded();
  } else if (cancelled_.ok() &&
             IsRetryable(outcome.code(), core_->options.retry)) {
    core_->budget.Failed();
  }
  return outcome;
}

absl::Status ClientCall::Explained(const grpc::Status& status) const {
  if (status.ok()) return absl::OkStatus();
  if (status.error_code() == grpc::StatusCode::CANCELLED && !cancelled_.ok()) {
    return cancelled_;
  }
  absl::Status error = FromGrpc(status);
  if (!status.error_details().empty()) return error;
  if (error.code() == absl::StatusCode::kUnavailable) {
    return absl::UnavailableError(
        StrCat(core_->target, ": ", MessageOf(error)));
  }
  if (error.code() == absl::StatusCode::kDeadlineExceeded) {
    return absl::DeadlineExceededError(
        StrCat(method_.path, " at ", core_->target, ": ", MessageOf(error)));
  }
  return error;
}

namespace {

class UnaryCall final : ClientCall {
 public:
  UnaryCall(std::shared_ptr<ChannelCore> core, const Attempt& attempt)
      : ClientCall(std::move(core), attempt) {}

  // Deletes itself when the reply has come.
  Promise<MessagePtr> Start(const grpc::ByteBuffer& request) {
    Promise<MessagePtr> promise = reply_.promise();
    reader_ = core().Stub().PrepareUnaryCall(
        &context(), std::string(method().path), request, queue());
    reader_->StartCall();
    reader_->Finish(&received_, &status_, done_op_.tag());
    return promise;
  }

 private:
  void OnDone(bool) {
    if (absl::Status outcome = Outcome(status_); !outcome.ok()) {
      reply_.Reject(std::move(outcome));
    } else {
      MessagePtr message(method().response().New());
      absl::Status parsed = FromBuffer(&received_, message.get());
      if (parsed.ok()) {
        reply_.Resolve(std::move(message));
      } else {
        reply_.Reject(absl::InternalError(
            StrCat("reply of ", core().target, ": ", MessageOf(parsed))));
      }
    }
    delete this;
  }

  Deferred<MessagePtr> reply_;
  grpc::ByteBuffer received_;
  grpc::Status status_;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader_;
  CompletionOf<UnaryCall, &UnaryCall::OnDone> done_op_{this};
};

}  // namespace

Promise<MessagePtr> CallUnary(std::shared_ptr<ChannelCore> core,
                              const Attempt& attempt,
                              const grpc::ByteBuffer& request) {
  for (const AbortSignal& signal :
       {attempt.call.signal, core->closed.signal()}) {
    if (signal.aborted()) return Promise<MessagePtr>::Reject(signal.reason());
  }
  return (new UnaryCall(std::move(core), attempt))->Start(request);
}

}  // namespace millrace::rpc
