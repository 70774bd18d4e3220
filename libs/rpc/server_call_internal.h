// A call that grpc++ carries. Private to rpc; loop thread only.
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

#include "loop/abort.h"
#include "rpc/engine_internal.h"
#include "rpc/listener_internal.h"
#include "rpc/served_call_internal.h"

namespace millrace::rpc {

// What a Server shares with its calls; lives until the last of them is over.
struct ServerCore final : ServedCalls {
  ServerCore(EngineImpl& engine, std::shared_ptr<Listener> listener,
             Dispatcher& dispatcher, Logger& logger, Metrics& metrics);

  // A server that listens keeps its loop running.
  void StartListening();
  void StopListening();

  EngineImpl& engine;
  const std::shared_ptr<Listener> listener;
  bool listening = false;
};

class ServerCall final : public ServedCall,
                         public std::enable_shared_from_this<ServerCall> {
 public:
  // Asks gRPC for one more call, which asks for its successor when it comes.
  static void Post(std::shared_ptr<ServerCore> core);

  explicit ServerCall(std::shared_ptr<ServerCore> core);

  IncomingCall Incoming() override;
  Promise<std::optional<MessagePtr>> Read() override;
  Promise<void> Write(const Message& reply) override;
  void Finish(const absl::Status& status) override;
  void FinishWith(const Message& reply) override;

 private:
  struct Wire {
    Wire() : io(&context) {}

    grpc::GenericServerContext context;
    grpc::GenericServerAsyncReaderWriter io;
    grpc::ByteBuffer received;
  };

  void OnRequest(bool ok);
  void OnDone(bool ok);
  void OnRead(bool ok);
  void OnWrite(bool ok);
  void OnHeaders(bool ok);
  void OnFinish(bool ok);
  void Serve();
  // Asks gRPC for a request for the first who waits, if there can be one.
  void ReadOn();
  // The request that has come goes to the first who waits.
  void Deliver();
  absl::Status Death() const override;
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
  bool all_read_ = false;   // the last request has come
  absl::Status cancelled_;
  AbortController abort_;
  ReplyMetadata metadata_;
  bool reading_ = false;
  std::optional<Deferred<void>> writing_;

  CompletionOf<ServerCall, &ServerCall::OnRequest> request_op_{this};
  CompletionOf<ServerCall, &ServerCall::OnDone> done_op_{this};
  CompletionOf<ServerCall, &ServerCall::OnRead> read_op_{this};
  CompletionOf<ServerCall, &ServerCall::OnWrite> write_op_{this};
  CompletionOf<ServerCall, &ServerCall::OnHeaders> headers_op_{this};
  CompletionOf<ServerCall, &ServerCall::OnFinish> finish_op_{this};
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_SERVER_CALL_INTERNAL_H_
