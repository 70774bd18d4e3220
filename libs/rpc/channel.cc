#include "rpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "rpc/client_call_internal.h"
#include "rpc/tls_internal.h"
#include "rpc/wire_internal.h"

namespace millrace::rpc {
namespace {

using CorePtr = std::shared_ptr<ChannelCore>;

// Tries until it succeeds or is not to be tried again. What `attempt` refers to
// outlives the promise.
Promise<MessagePtr> CallRepeatedly(CorePtr core, Attempt attempt,
                                   grpc::ByteBuffer request) {
  for (;; ++attempt.before) {
    Promise<MessagePtr> sent = CallUnary(core, attempt, request);
    absl::StatusOr<MessagePtr> reply = co_await AsStatusOr(std::move(sent));
    if (reply.ok()) co_return *std::move(reply);
    const auto wait = core->WaitBeforeRetry(attempt, reply.status());
    if (!wait.has_value()) Throw(reply.status());
    const AbortSignal given_up =
        AbortSignal::Any({attempt.call.signal, core->closed.signal()});
    co_await Delay(*wait, given_up);
  }
}

// What `attempt` refers to outlives the promise; not so `request`.
Promise<MessagePtr> Send(const CorePtr& core, const Attempt& attempt,
                         const Message& request) {
  grpc::ByteBuffer buffer;
  if (absl::Status status = ToBuffer(request, &buffer); !status.ok()) {
    return Promise<MessagePtr>::Reject(std::move(status));
  }
  return core->MayRunTwice(attempt.method)
             ? CallRepeatedly(core, attempt, std::move(buffer))
             : CallUnary(core, attempt, buffer);
}

absl::Status CheckMetadata(Metadata* metadata) {
  const ReplyMetadata checked = ReplyMetadata::Make();
  for (const auto& [name, value] : *metadata) {
    absl::Status status = checked.AddHeader(name, value);
    if (!status.ok()) return status;
  }
  *metadata = checked.TakeHeaders();
  return absl::OkStatus();
}

// What is behind the last interceptor: keeps the call until it has ended.
Promise<MessagePtr> SendOwn(CorePtr core, OutgoingCall outgoing,
                            const Message& request) {
  ThrowIfError(CheckMetadata(&outgoing.metadata));
  const Attempt attempt = {*outgoing.method, outgoing.call,
                           core->DeadlineOf(outgoing.call), &outgoing.metadata};
  Promise<MessagePtr> reply = Send(core, attempt, request);
  co_return co_await std::move(reply);
}

Promise<MessagePtr> InterceptUnary(CorePtr core, size_t index,
                                   OutgoingCall outgoing,
                                   const Message& request) {
  const auto& interceptors = core->options.interceptors;
  if (index == interceptors.size()) {
    return SendOwn(std::move(core), std::move(outgoing), request);
  }
  try {
    return interceptors[index]->Unary(
        std::move(outgoing), request,
        [core, index](OutgoingCall call, const Message& message) {
          return InterceptUnary(core, index + 1, std::move(call), message);
        });
  } catch (...) {
    return Promise<MessagePtr>::Reject(std::current_exception());
  }
}

Stream<MessagePtr> InterceptStreaming(CorePtr core, size_t index,
                                      OutgoingCall outgoing,
                                      Stream<MessagePtr> requests) {
  const auto& interceptors = core->options.interceptors;
  try {
    if (index == interceptors.size()) {
      ThrowIfError(CheckMetadata(&outgoing.metadata));
      return CallStreaming(std::move(core),
                           {*outgoing.method, outgoing.call,
                            outgoing.call.context.deadline, &outgoing.metadata},
                           std::move(requests));
    }
    return interceptors[index]->Streaming(
        std::move(outgoing), std::move(requests),
        [core, index](OutgoingCall call, Stream<MessagePtr> more) {
          return InterceptStreaming(core, index + 1, std::move(call),
                                    std::move(more));
        });
  } catch (...) {
    return Stream<MessagePtr>::Failed(StatusFrom(std::current_exception()));
  }
}

class GrpcChannel final : public Channel {
 public:
  explicit GrpcChannel(CorePtr core) : core_(std::move(core)) {
    core_->engine.Use();
  }

  ~GrpcChannel() override {
    core_->closed.Abort(absl::CancelledError(
        StrCat("the channel to ", core_->target, " was closed")));
    const std::vector<ClientCall*> calls(core_->calls.begin(),
                                         core_->calls.end());
    for (ClientCall* call : calls)
      call->Cancel(core_->closed.signal().reason());
    core_->engine.Release();
  }

  Promise<MessagePtr> Unary(const MethodInfo& method, const Call& call,
                            const Message& request) override {
    if (core_->options.interceptors.empty()) {
      return Send(core_, {method, call, core_->DeadlineOf(call)}, request);
    }
    return InterceptUnary(core_, 0, {&method, call, {}}, request);
  }

  Stream<MessagePtr> Streaming(const MethodInfo& method, const Call& call,
                               Stream<MessagePtr> requests) override {
    if (core_->options.interceptors.empty()) {
      return CallStreaming(core_, {method, call, call.context.deadline},
                           std::move(requests));
    }
    return InterceptStreaming(core_, 0, {&method, call, {}},
                              std::move(requests));
  }

 private:
  const CorePtr core_;
};

std::shared_ptr<grpc::Channel> Connect(const ChannelOptions& options,
                                       const tls::Loaded* certificates) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(
      static_cast<int>(options.max_message_bytes));
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS,
                   ToMilliseconds(options.initial_backoff));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS,
                   ToMilliseconds(options.max_backoff));
  // In spite of its name, how long an attempt to connect may take.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
                   ToMilliseconds(options.connect_timeout));
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS,
                   ToMilliseconds(options.resolve_pause));
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  // A connection belongs to one channel, and with it to one loop.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetLoadBalancingPolicyName("round_robin");
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                   ToMilliseconds(options.keepalive_interval));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   ToMilliseconds(options.keepalive_timeout));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // As many as it takes: a stream may be silent for hours.
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  return grpc::CreateCustomChannel(options.target,
                                   certificates == nullptr
                                       ? grpc::InsecureChannelCredentials()
                                       : ChannelCredentialsOf(*certificates),
                                   arguments);
}

}  // namespace

ChannelCore::ChannelCore(EngineImpl& engine, ChannelOptions channel_options)
    : engine(engine),
      options(std::move(channel_options)),
      budget(options.retry),
      random_(std::random_device()()) {
  if (options.metrics == nullptr) return;
  const Metrics::Labels labels = {{"target", target}};
  retries_ = &options.metrics->AddCounter(
      "millrace_rpc_client_retries_total",
      "Attempts of calls to other processes beyond the first.", labels);
  denied_ = &options.metrics->AddCounter(
      "millrace_rpc_client_retries_denied_total",
      "Failed calls to other processes that were not made again because too "
      "many had failed.",
      labels);
}

absl::Time ChannelCore::DeadlineOf(const Call& call) const {
  const absl::Time deadline = call.context.deadline;
  if (options.timeout == absl::InfiniteDuration()) return deadline;
  return std::min(deadline, absl::Now() + options.timeout);
}

bool ChannelCore::MayRunTwice(const MethodInfo& method) {
  if (options.retry.max_attempts == 1) return false;
  const auto [entry, added] = may_run_twice_.try_emplace(&method);
  if (added) entry->second = rpc::MayRunTwice(method, options.retry);
  return entry->second;
}

std::optional<absl::Duration> ChannelCore::WaitBeforeRetry(
    const Attempt& attempt, const absl::Status& failure) {
  if (attempt.call.signal.aborted() || closed.signal().aborted() ||
      !IsRetryable(failure.code(), options.retry)) {
    return std::nullopt;
  }
  const double random = std::uniform_real_distribution<double>()(random_);
  const auto wait =
      rpc::WaitBeforeRetry(options.retry, attempt.before + 1, failure,
                           attempt.deadline - absl::Now(), random);
  if (!wait.has_value()) return std::nullopt;
  Counter* const counter = budget.allows() ? retries_ : denied_;
  if (counter != nullptr) counter->Add();
  return budget.allows() ? wait : std::nullopt;
}

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
  ThrowIfError(options.retry.Validate());
  return std::make_unique<GrpcChannel>(
      std::make_shared<ChannelCore>(engine.impl(), std::move(options)));
}

}  // namespace millrace::rpc
