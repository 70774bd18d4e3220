#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "rpc/client_call_internal.h"
#include "rpc/wire_internal.h"

namespace millrace::rpc {

ClientCall::ClientCall(std::shared_ptr<ChannelCore> core,
                       const MethodInfo& method, const Call& call)
    : core_(std::move(core)), method_(method), signal_(call.signal) {
  context_.emplace();
  if (call.context.deadline != absl::InfiniteFuture()) {
    context_->set_deadline(FromTime(call.context.deadline));
  }
  if (call.context.trace.valid()) {
    const TraceContext& span = call.context.trace;
    context_->AddMetadata("traceparent", span.traceparent());
    if (!span.tracestate.empty()) {
      context_->AddMetadata("tracestate", span.tracestate);
    }
  }
  if (!call.context.baggage.empty()) {
    context_->AddMetadata("baggage", call.context.baggage);
  }
  if (!call.context.token.empty()) {
    context_->AddMetadata("authorization",
                          StrCat("Bearer ", call.context.token));
  }
  core_->calls.insert(this);
  core_->engine.CallStarted();
  subscription_ = signal_.OnAbort([this] { Cancel(signal_.reason()); });
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

void ClientCall::Abandon() {
  Cancel(absl::CancelledError(
      StrCat("the channel to ", core_->target, " was closed")));
}

void ClientCall::Cancel(absl::Status reason) {
  if (!cancelled_.ok() || !context_.has_value()) return;
  cancelled_ = std::move(reason);
  context_->TryCancel();
}

absl::Status ClientCall::Outcome(const grpc::Status& status) const {
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
  UnaryCall(std::shared_ptr<ChannelCore> core, const MethodInfo& method,
            const Call& call)
      : ClientCall(std::move(core), method, call) {}

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
                              const MethodInfo& method, const Call& call,
                              const Message& request) {
  if (call.signal.aborted()) {
    return Promise<MessagePtr>::Reject(call.signal.reason());
  }
  grpc::ByteBuffer buffer;
  if (absl::Status status = ToBuffer(request, &buffer); !status.ok()) {
    return Promise<MessagePtr>::Reject(std::move(status));
  }
  auto* started = new UnaryCall(std::move(core), method, call);
  return started->Start(buffer);
}

}  // namespace millrace::rpc
