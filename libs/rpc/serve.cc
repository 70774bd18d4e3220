// What a call of each kind does between its first request and its status.

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "rpc/served_call_internal.h"

namespace millrace::rpc {
namespace {

Promise<void> ServeUnary(std::shared_ptr<ServedCall> call) {
  absl::Status failure;
  try {
    std::optional<MessagePtr> request = co_await call->Read();
    if (!request.has_value()) {
      Throw(absl::UnimplementedError(
          StrCat("no request came with ", call->target().method->path)));
    }
    Promise<MessagePtr> answer =
        call->dispatcher().Unary(call->Incoming(), *std::move(request));
    MessagePtr reply = co_await std::move(answer);
    call->FinishWith(*reply);
  } catch (...) {
    failure = StatusFrom(std::current_exception());
  }
  call->Finish(failure);
}

// The requests of a call, which are read when the handler asks: a slow one
// holds back the sender.
class RequestSource final : public StreamSource<MessagePtr> {
 public:
  explicit RequestSource(std::shared_ptr<ServedCall> call)
      : call_(std::move(call)) {}

  Promise<std::optional<MessagePtr>> Next() override { return call_->Read(); }
  void Cancel(absl::Status reason) override { call_->CancelReads(reason); }

 private:
  const std::shared_ptr<ServedCall> call_;
};

Promise<void> ServeStream(std::shared_ptr<ServedCall> call) {
  absl::Status failure;
  try {
    call->SetReplies(call->dispatcher().Streaming(
        call->Incoming(),
        Stream<MessagePtr>(std::make_unique<RequestSource>(call))));
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
}

}  // namespace

Promise<void> Serve(std::shared_ptr<ServedCall> call) {
  return call->target().method->kind == MethodKind::kUnary
             ? ServeUnary(std::move(call))
             : ServeStream(std::move(call));
}

}  // namespace millrace::rpc
