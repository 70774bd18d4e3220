#include "rpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <utility>
#include <vector>

#include "rpc/client_call_internal.h"
#include "rpc/tls_internal.h"
#include "rpc/wire_internal.h"

namespace millrace::rpc {
namespace {

class GrpcChannel final : public Channel {
 public:
  explicit GrpcChannel(std::shared_ptr<ChannelCore> core)
      : core_(std::move(core)) {}

  ~GrpcChannel() override {
    const std::vector<ClientCall*> calls(core_->calls.begin(),
                                         core_->calls.end());
    for (ClientCall* call : calls) call->Abandon();
  }

  Promise<MessagePtr> Unary(const MethodInfo& method, const Call& call,
                            const Message& request) override {
    return CallUnary(core_, method, call, request);
  }

  Stream<MessagePtr> Streaming(const MethodInfo& method, const Call& call,
                               Stream<MessagePtr> requests) override {
    return CallStreaming(core_, method, call, std::move(requests));
  }

 private:
  std::shared_ptr<ChannelCore> core_;
};

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

std::shared_ptr<grpc::Channel> Connect(const ChannelOptions& options,
                                       const tls::Loaded* certificates) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(
      static_cast<int>(options.max_message_bytes));
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS,
                   Milliseconds(options.initial_backoff));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS,
                   Milliseconds(options.max_backoff));
  // In spite of its name, how long an attempt to connect may take.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
                   Milliseconds(options.connect_timeout));
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  // A connection belongs to one channel, and with it to one loop.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  return grpc::CreateCustomChannel(options.target,
                                   certificates == nullptr
                                       ? grpc::InsecureChannelCredentials()
                                       : ChannelCredentialsOf(*certificates),
                                   arguments);
}

}  // namespace

ChannelCore::ChannelCore(EngineImpl& engine, const ChannelOptions& options)
    : engine(engine), options(options) {}

grpc::GenericStub& ChannelCore::Stub() {
  const auto current =
      options.tls == nullptr ? nullptr : options.tls->current();
  if (!stub_.has_value() || current != certificates_) {
    certificates_ = current;
    stub_.emplace(Connect(options, current.get()));
  }
  return *stub_;
}

std::unique_ptr<Channel> NewChannel(Engine& engine, ChannelOptions options) {
  return std::make_unique<GrpcChannel>(
      std::make_shared<ChannelCore>(engine.impl(), options));
}

}  // namespace millrace::rpc
