// What unary and streaming calls to another process have in common. Private to
// rpc; loop thread only.
#ifndef MILLRACE_RPC_CLIENT_CALL_INTERNAL_H_
#define MILLRACE_RPC_CLIENT_CALL_INTERNAL_H_

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "contract/service.h"
#include "rpc/channel.h"
#include "rpc/engine_internal.h"

namespace millrace::rpc {

class ClientCall;

// What a channel shares with its calls; lives until the last of them is over.
struct ChannelCore {
  ChannelCore(EngineImpl& engine, const ChannelOptions& options);

  // For the next call.
  grpc::GenericStub& Stub();

  EngineImpl& engine;
  const ChannelOptions options;
  const std::string& target = options.target;
  absl::flat_hash_set<ClientCall*> calls;

 private:
  std::shared_ptr<const tls::Loaded> certificates_;  // what the stub has
  std::optional<grpc::GenericStub> stub_;
};

class ClientCall {
 public:
  // The channel goes away.
  void Abandon();
  // Cancels the call, which then fails with `reason`.
  virtual void Cancel(absl::Status reason);

 protected:
  // Takes deadline, trace and signal of `call`.
  ClientCall(std::shared_ptr<ChannelCore> core, const MethodInfo& method,
             const Call& call);
  virtual ~ClientCall();

  // Nothing of the call is in the queue, and nothing will be. Frees gRPC's
  // part: a coroutine may hold the rest for longer than the engine lives.
  void End();

  ChannelCore& core() { return *core_; }
  grpc::CompletionQueue* queue() { return core_->engine.queue(); }
  grpc::ClientContext& context() { return *context_; }
  const MethodInfo& method() const { return method_; }

  // What the caller is told when gRPC ended the call with `status`.
  absl::Status Outcome(const grpc::Status& status) const;

 private:
  std::shared_ptr<ChannelCore> core_;  // until the end
  const MethodInfo& method_;
  std::optional<grpc::ClientContext> context_;  // until the end
  AbortSignal signal_;
  AbortSubscription subscription_;
  absl::Status cancelled_;
};

Promise<MessagePtr> CallUnary(std::shared_ptr<ChannelCore> core,
                              const MethodInfo& method, const Call& call,
                              const Message& request);

Stream<MessagePtr> CallStreaming(std::shared_ptr<ChannelCore> core,
                                 const MethodInfo& method, const Call& call,
                                 Stream<MessagePtr> requests);

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_CLIENT_CALL_INTERNAL_H_
