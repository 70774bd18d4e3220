// One call that a server answers, as a contract sees it: requests are read,
// replies written, one of each at a time. Private to rpc; loop thread only.
//
// A call owns itself while any of its operations is in gRPC's queue, and the
// coroutine that serves it shares it. gRPC's part is freed as soon as the last
// operation has come back; a handler that is still at work then finds its
// replies refused with CANCELLED.
#ifndef MILLRACE_RPC_SERVER_CALL_INTERNAL_H_
#define MILLRACE_RPC_SERVER_CALL_INTERNAL_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "contract/dispatcher.h"
#include "loop/abort.h"
#include "loop/promise.h"
#include "loop/stream.h"
#include "rpc/builtin.h"
#include "rpc/engine_internal.h"
#include "rpc/listener_internal.h"

namespace millrace::rpc {

class ServerCall;

// What a Server shares with its calls; lives until the last of them is over.
struct ServerCore {
  ServerCore(EngineImpl& engine, std::shared_ptr<Listener> listener,
             Dispatcher& dispatcher, Logger& logger, Metrics& metrics);

  // A server that listens keeps its loop running.
  void StartListening();
  void StopListening();
  void CallStarted();
  void CallEnded();

  EngineImpl& engine;
  const std::shared_ptr<Listener> listener;
  Dispatcher& dispatcher;
  Logger& logger;
  Counter& calls_total;
  Gauge& calls_in_flight;
  BuiltinServices builtin;
  bool listening = false;
  // Health watches and reflection: they never end a drain on their own.
  absl::flat_hash_set<ServerCall*> builtin_calls;
  int calls = 0;
  int64_t cancelled = 0;
  // Resolved at the end of the last call once the server is shut down.
  std::optional<Deferred<void>> idle;
};

class ServerCall final : public std::enable_shared_from_this<ServerCall> {
 public:
  // Asks gRPC for one more call, which asks for its successor when it comes.
  static void Post(std::shared_ptr<ServerCore> core);

  explicit ServerCall(std::shared_ptr<ServerCore> core);

  const Target& target() const { return target_; }
  Dispatcher& dispatcher() const { return *dispatcher_; }
  IncomingCall Incoming();

  // The next request, null after the last. Rejects when the request does not
  // decode and when the call was cancelled.
  Promise<MessagePtr> Read();
  // Resolves when gRPC has taken the reply; rejects when the call is dead.
  Promise<void> Write(const Message& reply);
  // Ends the call; later ones and those of a dead call do nothing.
  void Finish(const absl::Status& status);
  void FinishWith(const Message& reply);

  // The handler's stream is held here, so that a dead call cancels it, also
  // one that has died already.
  void SetReplies(Stream<MessagePtr> replies);
  // Rejects when the call is dead.
  Promise<std::optional<MessagePtr>> NextReply();
  void CancelReplies() { replies_.Cancel(); }

 private:
  struct Wire {
    grpc::GenericServerContext context;
    grpc::GenericServerAsyncReaderWriter io{&context};
    grpc::ByteBuffer received;
  };

  void OnRequest(bool ok);
  void OnDone(bool ok);
  void OnRead(bool ok);
  void OnWrite(bool ok);
  void OnHeaders(bool ok);
  void OnFinish(bool ok);
  void Serve();
  // What the handler says beside its answers, as gRPC's metadata.
  void AddHeaders();
  void AddTrailers();
  void SendHeaders();
  // One operation less is in the queue; without any, gRPC's part is freed.
  void Settle();
  bool alive() const { return wire_.has_value() && !done_; }
  absl::Status WhyDead() const;

  std::shared_ptr<ServerCore> core_;  // until the call is over
  std::shared_ptr<ServerCall> self_;  // while operations are in the queue
  std::optional<Wire> wire_;
  int operations_ = 0;
  bool done_ = false;       // the transport is through with the call
  bool written_ = false;    // the headers went with a reply
  bool finishing_ = false;  // a status is on its way
  absl::Status cancelled_;
  Target target_;
  Dispatcher* dispatcher_ = nullptr;
  AbortController abort_;
  ReplyMetadata metadata_;
  Stream<MessagePtr> replies_;
  std::optional<Deferred<MessagePtr>> reading_;
  std::optional<Deferred<void>> writing_;

  CompletionOf<ServerCall, &ServerCall::OnRequest> request_op_{this};
  CompletionOf<ServerCall, &ServerCall::OnDone> done_op_{this};
  CompletionOf<ServerCall, &ServerCall::OnRead> read_op_{this};
  CompletionOf<ServerCall, &ServerCall::OnWrite> write_op_{this};
  CompletionOf<ServerCall, &ServerCall::OnHeaders> headers_op_{this};
  CompletionOf<ServerCall, &ServerCall::OnFinish> finish_op_{this};
};

// Answers the call, with an error too; never rejects.
Promise<void> Serve(std::shared_ptr<ServerCall> call);

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_SERVER_CALL_INTERNAL_H_
