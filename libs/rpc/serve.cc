// What a call of each kind does between its first request and its status.

#include <exception>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "rpc/served_call_internal.h"

namespace millrace::rpc {
namespace {

Promise<void> ServeUnary(std::shared_ptr<ServedCall> call) {
  absl::Status failure;
  try {
    MessagePtr request = co_await call->Read();
    if (request == nullptr) {
      Throw(absl::UnimplementedError(
          StrCat("no request came with ", call->target().method->path)));
    }
    Promise<MessagePtr> answer =
        call->dispatcher().Unary(call->Incoming(), std::move(request));
    MessagePtr reply = co_await std::move(answer);
    call->FinishWith(*reply);
  } catch (...) {
    failure = StatusFrom(std::current_exception());
  }
  call->Finish(failure);
}

// Reads one request only when the handler takes the one before: a slow handler
// holds back the sender. Of a method that takes one request the end is read
// too, so that a second one is told.
Promise<void> PumpRequests(std::shared_ptr<ServedCall> call,
                           StreamWriter<MessagePtr> requests) {
  try {
    for (;;) {
      MessagePtr request = co_await call->Read();
      if (request == nullptr) break;
      co_await requests.Write(std::move(request));
    }
    requests.Close();
  } catch (...) {
    requests.Fail(StatusFrom(std::current_exception()));
  }
}

Promise<void> ServeStream(std::shared_ptr<ServedCall> call) {
  Pipe<MessagePtr> requests = MakePipe<MessagePtr>(1);
  Promise<void> pump = PumpRequests(call, requests.writer);
  absl::Status failure;
  try {
    call->SetReplies(call->dispatcher().Streaming(call->Incoming(),
                                                  std::move(requests.stream)));
    for (;;) {
      std::optional<MessagePtr> reply = co_await call->NextReply();
      if (!reply.has_value()) break;
      co_await call->Write(**reply);
    }
  } catch (...) {
    failure = StatusFrom(std::current_exception());
  }
  call->CancelReplies();
  call->Finish(failure);
  co_await pump;
}

}  // namespace

Promise<void> Serve(std::shared_ptr<ServedCall> call) {
  return call->target().method->kind == MethodKind::kUnary
             ? ServeUnary(std::move(call))
             : ServeStream(std::move(call));
}

}  // namespace millrace::rpc
