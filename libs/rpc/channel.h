// The way to a service of another process: a contract::Channel over gRPC.
//
// Loop thread only; the engine must outlive the channel. A channel connects
// with its first call, and again by itself when the connection is lost; while
// the other side is away a call fails at once with UNAVAILABLE naming the
// target, and is repeated where that is harmless (retry.h). Destroying the
// channel cancels what is in flight.
//
// A target may stand for several addresses, as a name in DNS does: there is a
// connection to each, and calls take turns over those that are up. The name is
// resolved again when a connection is lost.
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
#include <vector>

#include "absl/time/time.h"
#include "base/metrics.h"
#include "contract/service.h"
#include "rpc/engine.h"
#include "rpc/interceptor.h"
#include "rpc/retry.h"
#include "tls/credentials.h"

namespace millrace::rpc {

struct ChannelOptions {
  // "host:port", "dns:///host:port", "ipv4:1.2.3.4:5,1.2.3.5:5" or
  // "unix:/path/of/socket".
  std::string target;
  size_t max_message_bytes = 4 << 20;
  // How long an attempt to connect may take, and how long to wait between two.
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration initial_backoff = absl::Milliseconds(100);
  absl::Duration max_backoff = absl::Seconds(5);
  // A name is asked for no sooner after it was last.
  absl::Duration resolve_pause = absl::Seconds(30);
  // How long a unary call may take, its repetitions included, unless its own
  // deadline is sooner.
  absl::Duration timeout = absl::InfiniteDuration();
  RetryOptions retry;
  // A connection is pinged when nothing has come for `keepalive_interval`, also
  // while it has no calls, and is given up, with its calls, when no answer
  // comes within `keepalive_timeout`: a peer that has vanished without a word
  // is noticed. A server must allow it; those of other makers take no more than
  // a ping every five minutes, unless they are told to. Infinite: never.
  absl::Duration keepalive_interval = absl::Seconds(30);
  absl::Duration keepalive_timeout = absl::Seconds(10);
  // The first is the outermost.
  std::vector<std::shared_ptr<ClientInterceptor>> interceptors;
  // Speaks TLS with these certificates, and connects anew when they have
  // changed; plain text when null. Calls in flight keep their connection.
  std::shared_ptr<tls::Credentials> tls;
  // Outlives the channel. Null: nothing is counted.
  //   millrace_rpc_client_retries_total{target}      attempts beyond the first
  //   millrace_rpc_client_retries_denied_total{target}   for lack of budget
  Metrics* metrics = nullptr;
};

std::unique_ptr<Channel> NewChannel(Engine& engine, ChannelOptions options);

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_CHANNEL_H_
