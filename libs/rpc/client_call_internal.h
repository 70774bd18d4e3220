// What unary and streaming calls to another process have in common. Private to
// rpc; loop thread only.
#ifndef MILLRACE_RPC_CLIENT_CALL_INTERNAL_H_
#define MILLRACE_RPC_CLIENT_CALL_INTERNAL_H_

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <optional>
#include <random>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "contract/service.h"
#include "rpc/channel.h"
#include "rpc/engine_internal.h"

namespace millrace::rpc {

class ClientCall;

// What one attempt of a call takes along. What it refers to must outlive the
// attempt's promise if it is unary, and is copied at once if it streams.
struct Attempt {
  const MethodInfo& method;
  const Call& call;
  absl::Time deadline;
  // Checked. Null: none.
  const Metadata* metadata = nullptr;
  int before = 0;  // attempts of the same call
};

// What a channel shares with its calls; lives until the last of them is over.
struct ChannelCore {
  ChannelCore(EngineImpl& engine, ChannelOptions channel_options);

  // For the next call.
  grpc::GenericStub& Stub();

  // Of a unary call.
  absl::Time DeadlineOf(const Call& call) const;
  bool MayRunTwice(const MethodInfo& method);
  // How long to wait before a call that has failed is tried again; nothing when
  // it is not.
  std::optional<absl::Duration> WaitBeforeRetry(const Attempt& attempt,
                                                const absl::Status& failure);

  EngineImpl& engine;
  const ChannelOptions options;
  const std::string& target = options.target;
  absl::flat_hash_set<ClientCall*> calls;
  // Aborted when the channel is gone; the engine may be, too.
  AbortController closed;
  RetryBudget budget;

 private:
  // What the contract says is dear to find out.
  absl::flat_hash_map<const MethodInfo*, bool> may_run_twice_;
  std::shared_ptr<const tls::Loaded> certificates_;  // what the stub has
  std::optional<grpc::GenericStub> stub_;
  std::minstd_rand random_;
  Counter* retries_ = nullptr;
  Counter* denied_ = nullptr;
};

class ClientCall {
 public:
  // Cancels the call, which then fails with `reason`.
  virtual void Cancel(absl::Status reason);

 protected:
  ClientCall(std::shared_ptr<ChannelCore> core, const Attempt& attempt);
  virtual ~ClientCall();

  // Nothing of the call is in the queue, and nothing will be. Frees gRPC's
  // part: a coroutine may hold the rest for longer than the engine lives.
  void End();

  ChannelCore& core() { return *core_; }
  grpc::CompletionQueue* queue() { return core_->engine.queue(); }
  grpc::ClientContext& context() { return *context_; }
  const MethodInfo& method() const { return method_; }

  // What the caller is told when gRPC ended the call with `status`, which the
  // budget of repetitions is told, too.
  absl::Status Outcome(const grpc::Status& status);

 private:
  absl::Status Explained(const grpc::Status& status) const;
  // Drops a value that gRPC would end the process over.
  void AddText(const std::string& name, const std::string& value);

  std::shared_ptr<ChannelCore> core_;  // until the end
  const MethodInfo& method_;
  std::optional<grpc::ClientContext> context_;  // until the end
  AbortSignal signal_;
  AbortSubscription subscription_;
  absl::Status cancelled_;
};

Promise<MessagePtr> CallUnary(std::shared_ptr<ChannelCore> core,
                              const Attempt& attempt,
                              const grpc::ByteBuffer& request);

Stream<MessagePtr> CallStreaming(std::shared_ptr<ChannelCore> core,
                                 const Attempt& attempt,
                                 Stream<MessagePtr> requests);

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_CLIENT_CALL_INTERNAL_H_
