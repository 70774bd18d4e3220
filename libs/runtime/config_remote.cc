#include "runtime/config_remote.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "base/strings.h"
#include "contract/errors.h"
#include "runtime/config_limits.h"

namespace millrace::runtime {
namespace {

// Those that can be meant: the others say that the call was wrong, or is not
// wanted any more.
constexpr absl::StatusCode kRetryable[] = {
    absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted,
    absl::StatusCode::kAborted,     absl::StatusCode::kDeadlineExceeded,
    absl::StatusCode::kInternal,    absl::StatusCode::kUnknown};

absl::Duration Interval(const std::string& text) {
  const absl::Duration interval = DurationOf(text);
  return interval == absl::ZeroDuration() ? absl::InfiniteDuration() : interval;
}

rpc::RetryOptions RetryOptionsOf(const config::v1::RemoteCalls& calls) {
  rpc::RetryOptions retry;
  retry.max_attempts = calls.max_attempts();
  retry.initial_backoff = DurationOf(calls.initial_backoff());
  retry.max_backoff = DurationOf(calls.max_backoff());
  retry.budget_tokens = calls.retry_budget();
  for (const std::string& method : calls.idempotent_methods()) {
    retry.idempotent_methods.push_back(StrCat("/", method));
  }
  if (calls.retry_codes().empty()) return retry;
  retry.codes.clear();
  for (const absl::StatusCode code : kRetryable) {
    for (const std::string& name : calls.retry_codes()) {
      if (name == CodeName(code)) retry.codes.push_back(code);
    }
  }
  return retry;
}

}  // namespace

std::string AddressText(const std::string& host, int port) {
  const bool v6 = host.find(':') != host.npos;
  return v6 ? StrCat("[", host, "]:", port) : StrCat(host, ":", port);
}

bool IsAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return false;
  const std::string_view host = std::string_view(text).substr(0, colon);
  const bool bracketed =
      host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find_first_of(":/ ") != host.npos) return false;
  int port = 0;
  return absl::SimpleAtoi(text.substr(colon + 1), &port) && port > 0 &&
         port <= 65535;
}

std::vector<std::string> RetryCodeNames() {
  std::vector<std::string> names;
  for (const absl::StatusCode code : kRetryable) {
    names.emplace_back(CodeName(code));
  }
  return names;
}

bool IsMethodName(std::string_view text) {
  const size_t slash = text.find('/');
  return slash != text.npos && slash > 0 && slash + 1 < text.size() &&
         text.find('/', slash + 1) == text.npos;
}

rpc::ChannelOptions ChannelOptionsOf(const Config& config, std::string target) {
  const config::v1::RemoteCalls& calls = config.remote_calls();
  rpc::ChannelOptions options;
  options.target = std::move(target);
  options.timeout = DurationOf(calls.timeout());
  options.retry = RetryOptionsOf(calls);
  options.keepalive_interval = Interval(calls.keepalive_interval());
  options.keepalive_timeout = DurationOf(calls.keepalive_timeout());
  return options;
}

rpc::ServerOptions GrpcOptionsOf(const Config& config) {
  const config::v1::Grpc& grpc = config.grpc();
  rpc::ServerOptions options;
  options.address = AddressText(grpc.host(), grpc.port());
  options.max_message_bytes = grpc.max_message_bytes();
  options.max_memory_bytes = grpc.max_memory_bytes();
  options.max_connections = ShareOf(grpc.max_connections(), config);
  options.request_timeout = DurationOf(grpc.request_timeout());
  options.send_timeout = DurationOf(grpc.send_timeout());
  options.handshake_timeout = DurationOf(grpc.tls().handshake_timeout());
  options.max_concurrent_streams = grpc.max_concurrent_streams();
  options.keepalive_interval = Interval(grpc.keepalive_interval());
  options.keepalive_timeout = DurationOf(grpc.keepalive_timeout());
  options.channelz = grpc.channelz();
  // A client has one connection for all its calls: loops beside the first would
  // have nothing to do if they were handed connections.
  const bool grpcpp =
      grpc.has_transport() ? grpc.transport() == "grpc++" : config.loops() > 1;
  options.transport = grpcpp ? rpc::Transport::kGrpc : rpc::Transport::kHttp2;
  return options;
}

}  // namespace millrace::runtime
