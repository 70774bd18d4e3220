#include <grpc/grpc.h>

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "rpc/server_call_internal.h"
#include "rpc/wire_internal.h"

namespace millrace::rpc {
namespace {

std::string_view View(grpc::string_ref text) {
  return {text.data(), text.size()};
}

}  // namespace

ServerCore::ServerCore(EngineImpl& engine, std::shared_ptr<Listener> listener,
                       Dispatcher& dispatcher, Logger& logger, Metrics& metrics)
    : ServedCalls(dispatcher, logger, metrics),
      engine(engine),
      listener(std::move(listener)) {}

void ServerCore::StartListening() {
  listening = true;
  engine.Use();
  engine.loop().AddRef("gRPC server");
}

void ServerCore::StopListening() {
  if (!std::exchange(listening, false)) return;
  engine.loop().ReleaseRef("gRPC server");
  engine.Release();
}

ServerCall::ServerCall(std::shared_ptr<ServerCore> core)
    : core_(std::move(core)) {
  wire_.emplace();
}

void ServerCall::Post(std::shared_ptr<ServerCore> core) {
  auto call = std::make_shared<ServerCall>(std::move(core));
  call->self_ = call;
  call->operations_ = 1;
  Wire& wire = *call->wire_;
  wire.context.AsyncNotifyWhenDone(call->done_op_.tag());
  grpc::ServerCompletionQueue* queue = call->core_->engine.queue();
  call->core_->listener->core().service.RequestCall(
      &wire.context, &wire.io, queue, queue, call->request_op_.tag());
}

void ServerCall::OnRequest(bool ok) {
  if (!ok) {  // the server shuts down; nothing was started
    wire_.reset();
    core_.reset();
    self_.reset();
    return;
  }
  // The request has come back; the notice of the call's end is now due.
  core_->engine.CallStarted();
  core_->Started();
  if (core_->listening) Post(core_);
  Serve();
}

void ServerCall::Serve() {
  const absl::Status routed = Route(wire_->context.method(), *core_);
  if (!routed.ok()) return Finish(routed);
  // Answers every failure to the caller, so that nobody need await it.
  rpc::Serve(shared_from_this()).Detach();
}

IncomingCall ServerCall::Incoming() {
  IncomingCall incoming{.binding = target().binding,
                        .method = target().method,
                        .signal = abort_.signal(),
                        .face = "grpc"};
  if (!wire_.has_value()) return incoming;
  const grpc::GenericServerContext& context = wire_->context;
  incoming.metadata.reserve(context.client_metadata().size());
  for (const auto& [key, value] : context.client_metadata()) {
    incoming.metadata.emplace_back(View(key), View(value));
  }
  incoming.deadline = ToTime(context.raw_deadline());
  incoming.peer = context.peer();
  metadata_ = ReplyMetadata::Make();
  if (target().method->kind != MethodKind::kUnary) {
    metadata_.OnSendHeaders([self = weak_from_this()] {
      if (const auto call = self.lock()) call->SendHeaders();
    });
  }
  incoming.reply = metadata_;
  if (core_->listener->core().certificates != nullptr) {
    incoming.peer_subject = SubjectOf(*context.auth_context());
  }
  return incoming;
}

// Of what was sent already nothing is left to take.
void ServerCall::AddHeaders() {
  for (const auto& [name, value] : metadata_.TakeHeaders()) {
    wire_->context.AddInitialMetadata(name, value);
  }
}

void ServerCall::AddTrailers() {
  for (const auto& [name, value] : metadata_.TakeTrailers()) {
    wire_->context.AddTrailingMetadata(name, value);
  }
}

void ServerCall::SendHeaders() {
  if (!alive() || finishing_ || written_) return;
  AddHeaders();
  ++operations_;
  wire_->io.SendInitialMetadata(headers_op_.tag());
}

void ServerCall::OnHeaders(bool) { Settle(); }

Promise<std::optional<MessagePtr>> ServerCall::Read() {
  Promise<std::optional<MessagePtr>> request =
      readers_.emplace_back().promise();
  ReadOn();
  return request;
}

void ServerCall::ReadOn() {
  while (!reading_ && !readers_.empty()) {
    if (alive() && !all_read_) {
      reading_ = true;
      ++operations_;
      return wire_->io.Read(&wire_->received, read_op_.tag());
    }
    if (all_read_) {
      NextReader().Resolve(std::nullopt);
    } else {
      NextReader().Reject(WhyDead());
    }
  }
}

void ServerCall::OnRead(bool ok) {
  reading_ = false;
  if (ok) {
    Deliver();
  } else if (done_ || grpc_call_failed_before_recv_message(
                          wire_->context.c_call()) != 0) {
    // Not the end of the requests: half an upload must not pass for a whole.
    CancelReads(WhyDead());
  } else {
    all_read_ = true;
  }
  ReadOn();
  Settle();
}

void ServerCall::Deliver() {
  if (!readers_.empty()) {
    MessagePtr request(target().method->request().New());
    absl::Status status = FromBuffer(&wire_->received, request.get());
    if (status.ok()) {
      NextReader().Resolve(std::move(request));
    } else {
      NextReader().Reject(std::move(status));
    }
  }
  // It would keep a piece of what the connection has read.
  wire_->received.Clear();
}

Promise<void> ServerCall::Write(const Message& reply) {
  if (!alive() || finishing_) return Promise<void>::Reject(WhyDead());
  grpc::ByteBuffer buffer;
  if (absl::Status status = ToBuffer(reply, &buffer); !status.ok()) {
    return Promise<void>::Reject(std::move(status));
  }
  AddHeaders();
  written_ = true;
  writing_.emplace();
  ++operations_;
  wire_->io.Write(buffer, write_op_.tag());
  return writing_->promise();
}

void ServerCall::OnWrite(bool ok) {
  const Deferred<void> writing = *std::exchange(writing_, std::nullopt);
  if (ok) {
    writing.Resolve();
  } else {
    writing.Reject(WhyDead());
  }
  Settle();
}

void ServerCall::Finish(const absl::Status& status) {
  if (!alive() || std::exchange(finishing_, true)) return;
  AddHeaders();
  AddTrailers();
  ++operations_;
  wire_->io.Finish(ToGrpc(status), finish_op_.tag());
}

void ServerCall::FinishWith(const Message& reply) {
  grpc::ByteBuffer buffer;
  if (absl::Status status = ToBuffer(reply, &buffer); !status.ok()) {
    Finish(status);
    return;
  }
  if (!alive() || std::exchange(finishing_, true)) return;
  AddHeaders();
  AddTrailers();
  ++operations_;
  wire_->io.WriteAndFinish(buffer, grpc::WriteOptions(), grpc::Status::OK,
                           finish_op_.tag());
}

void ServerCall::OnFinish(bool) { Settle(); }

void ServerCall::OnDone(bool) {
  done_ = true;
  if (wire_->context.IsCancelled()) {
    ++core_->cancelled;
    cancelled_ = ToTime(wire_->context.raw_deadline()) <= absl::Now()
                     ? absl::DeadlineExceededError(
                           "the deadline of the call "
                           "has passed")
                     : absl::CancelledError("the caller gave up");
  }
  if (!finishing_) abort_.Abort(WhyDead());
  replies_.Cancel(WhyDead());
  Settle();
}

absl::Status ServerCall::WhyDead() const {
  return cancelled_.ok() ? absl::CancelledError("the call is over")
                         : cancelled_;
}

absl::Status ServerCall::Death() const {
  return alive() ? absl::OkStatus() : WhyDead();
}

void ServerCall::Settle() {
  if (--operations_ > 0) return;
  wire_.reset();
  const std::shared_ptr<ServerCore> core = std::exchange(core_, nullptr);
  core->engine.CallEnded();
  core->Ended(this);
  self_.reset();  // may be the last owner
}

}  // namespace millrace::rpc
