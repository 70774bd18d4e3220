// The way to a service of another process: a contract::Channel over gRPC.
//
// Loop thread only; the engine must outlive the channel. A channel connects
// with its first call, and again by itself when the connection is lost; while
// the other side is away a call fails at once with UNAVAILABLE naming the
// target. Destroying the channel cancels what is in flight.
//
// Each call carries the deadline, the trace (in `traceparent`: the caller's
// span becomes the parent of the server's) and the access token (in
// `authorization`) of its context, and is cancelled when its signal aborts. It
// fails with the status that the service answered, details included.
#ifndef MILLRACE_RPC_CHANNEL_H_
#define MILLRACE_RPC_CHANNEL_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "contract/service.h"
#include "rpc/engine.h"
#include "tls/credentials.h"

namespace millrace::rpc {

struct ChannelOptions {
  // "host:port", "dns:///host:port" or "unix:/path/of/socket".
  std::string target;
  size_t max_message_bytes = 4 << 20;
  // How long an attempt to connect may take, and how long to wait between two.
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration initial_backoff = absl::Milliseconds(100);
  absl::Duration max_backoff = absl::Seconds(5);
  // Speaks TLS with these certificates, and connects anew when they have
  // changed; plain text when null. Calls in flight keep their connection.
  std::shared_ptr<tls::Credentials> tls;
};

std::unique_ptr<Channel> NewChannel(Engine& engine, ChannelOptions options);

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_CHANNEL_H_
