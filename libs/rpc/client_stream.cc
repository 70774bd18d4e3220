// Streaming calls to another process. Two coroutines move the messages, one
// in each direction; the one that reads replies also ends the call.

#include <exception>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "rpc/client_call_internal.h"
#include "rpc/wire_internal.h"

namespace millrace::rpc {
namespace {

// How many replies are fetched ahead of the reader.
constexpr size_t kReadAhead = 4;

class StreamCall final : public ClientCall,
                         public std::enable_shared_from_this<StreamCall> {
 public:
  StreamCall(std::shared_ptr<ChannelCore> core, const Attempt& attempt,
             Stream<MessagePtr> requests, StreamWriter<MessagePtr> replies)
      : ClientCall(std::move(core), attempt),
        requests_(std::move(requests)),
        replies_(std::move(replies)),
        single_(attempt.method.kind == MethodKind::kServerStream) {}

  // The reader of the replies is told at once, which also frees who writes
  // them.
  void Cancel(absl::Status reason) override {
    ClientCall::Cancel(reason);
    replies_.Fail(std::move(reason));
  }

  // False when the call could not be started; Finish() then tells why.
  Promise<bool> Start() {
    reader_gone_ = replies_.cancelled().OnAbort([this] {
      Cancel(absl::CancelledError("the replies are not read any more"));
    });
    // The only request of a call takes the headers along.
    context().set_initial_metadata_corked(single_);
    io_ = core().Stub().PrepareCall(&context(), std::string(method().path),
                                    queue());
    if (single_) {
      io_->StartCall(nullptr);
      return Promise<bool>::Resolve(true);
    }
    writing_.emplace();
    io_->StartCall(Begin(write_op_.tag()));
    return writing_->promise();
  }

  const StreamWriter<MessagePtr>& replies() const { return replies_; }
  bool single() const { return single_; }

  // Null after the last request, and when the call has ended meanwhile.
  Promise<std::optional<MessagePtr>> NextRequest() {
    if (requests_.valid()) return requests_.Next();
    return Promise<std::optional<MessagePtr>>::Resolve(std::nullopt);
  }
  void CancelRequests() { requests_.Cancel(); }

  // Null after the last reply.
  Promise<MessagePtr> Read() {
    reading_.emplace();
    io_->Read(&received_, Begin(read_op_.tag()));
    return reading_->promise();
  }

  // False when the call has ended meanwhile.
  Promise<bool> Write(const Message& request, bool last) {
    if (ended_) return Promise<bool>::Resolve(false);
    grpc::ByteBuffer buffer;
    if (absl::Status status = ToBuffer(request, &buffer); !status.ok()) {
      return Promise<bool>::Reject(std::move(status));
    }
    grpc::WriteOptions options;
    if (last) options.set_last_message();
    writing_.emplace();
    io_->Write(buffer, options, Begin(write_op_.tag()));
    return writing_->promise();
  }

  Promise<bool> WritesDone() {
    if (ended_) return Promise<bool>::Resolve(false);
    writing_.emplace();
    io_->WritesDone(Begin(write_op_.tag()));
    return writing_->promise();
  }

  // Rejects with what the call failed with.
  Promise<void> Finish() {
    ended_ = true;
    finishing_.emplace();
    io_->Finish(&status_, Begin(finish_op_.tag()));
    return finishing_->promise();
  }

 private:
  void OnRead(bool ok) {
    const Deferred<MessagePtr> reading = *std::exchange(reading_, std::nullopt);
    MessagePtr reply(ok ? method().response().New() : nullptr);
    absl::Status parsed =
        ok ? FromBuffer(&received_, reply.get()) : absl::OkStatus();
    if (parsed.ok()) {
      reading.Resolve(std::move(reply));
    } else {
      reading.Reject(absl::InternalError(
          StrCat("reply of ", core().target, ": ", MessageOf(parsed))));
    }
    Settle();
  }

  void OnWrite(bool ok) {
    (*std::exchange(writing_, std::nullopt)).Resolve(ok);
    Settle();
  }

  void OnFinish(bool) {
    const Deferred<void> finishing = *std::exchange(finishing_, std::nullopt);
    absl::Status outcome = Outcome(status_);
    if (outcome.ok()) {
      finishing.Resolve();
    } else {
      finishing.Reject(std::move(outcome));
    }
    Settle();
  }

  void* Begin(void* tag) {
    if (operations_++ == 0) self_ = shared_from_this();
    return tag;
  }

  void Settle() {
    if (--operations_ > 0) return;
    if (ended_) {
      io_.reset();
      End();
    }
    self_.reset();  // may be the last owner
  }

  Stream<MessagePtr> requests_;
  const StreamWriter<MessagePtr> replies_;
  const bool single_;
  AbortSubscription reader_gone_;
  int operations_ = 0;
  bool ended_ = false;
  std::shared_ptr<StreamCall> self_;  // while operations are in the queue
  grpc::ByteBuffer received_;
  grpc::Status status_;
  std::optional<Deferred<MessagePtr>> reading_;
  std::optional<Deferred<bool>> writing_;
  std::optional<Deferred<void>> finishing_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> io_;

  CompletionOf<StreamCall, &StreamCall::OnRead> read_op_{this};
  CompletionOf<StreamCall, &StreamCall::OnWrite> write_op_{this};
  CompletionOf<StreamCall, &StreamCall::OnFinish> finish_op_{this};
};

// Never rejects: requests that fail cancel the call, which tells the caller.
Promise<void> PumpRequests(std::shared_ptr<StreamCall> call,
                           Promise<bool> started) {
  if (!co_await std::move(started)) co_return;
  try {
    for (;;) {
      std::optional<MessagePtr> request = co_await call->NextRequest();
      if (!request.has_value()) {
        co_await call->WritesDone();
        break;
      }
      const bool written = co_await call->Write(**request, call->single());
      if (!written || call->single()) break;
    }
  } catch (...) {
    call->Cancel(StatusFrom(std::current_exception()));
  }
}

// Never rejects either. Fetches replies only as fast as they are read.
Promise<void> PumpReplies(std::shared_ptr<StreamCall> call) {
  const StreamWriter<MessagePtr> replies = call->replies();
  absl::Status failure;
  try {
    for (;;) {
      MessagePtr reply = co_await call->Read();
      if (reply == nullptr) break;
      co_await replies.Write(std::move(reply));
    }
  } catch (...) {
    failure = StatusFrom(std::current_exception());
    call->Cancel(failure);
  }
  const absl::Status outcome = co_await AsStatusOr(call->Finish());
  call->CancelRequests();
  if (failure.ok()) failure = outcome;
  if (failure.ok()) {
    replies.Close();
  } else {
    replies.Fail(failure);
  }
}

}  // namespace

Stream<MessagePtr> CallStreaming(std::shared_ptr<ChannelCore> core,
                                 const Attempt& attempt,
                                 Stream<MessagePtr> requests) {
  for (const AbortSignal& signal :
       {attempt.call.signal, core->closed.signal()}) {
    if (signal.aborted()) return Stream<MessagePtr>::Failed(signal.reason());
  }
  Pipe<MessagePtr> replies = MakePipe<MessagePtr>(kReadAhead);
  auto started = std::make_shared<StreamCall>(
      std::move(core), attempt, std::move(requests), replies.writer);
  PumpRequests(started, started->Start()).Detach();
  PumpReplies(std::move(started)).Detach();
  return std::move(replies.stream);
}

}  // namespace millrace::rpc
