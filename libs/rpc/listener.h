// What a gRPC server listens with. One loop's server has its own; the servers
// of several loops share one.
//
// How loops share with kGrpc: one gRPC server, with the completion queue of
// each loop's engine registered at it, rather than a server per loop on a
// shared port. A port spreads connections, and a gRPC client has one connection
// for all its calls: on a port of their own all of them would be one loop's.
// gRPC hands each call to a queue instead. A connection has a queue that it
// prefers, and connections take turns over the queues; a call goes there if the
// loop of that queue has asked for a call, else to one that has, else it waits
// for the first that asks. With few asked for at a time (posted_requests) what
// one loop has no time for goes to the others. Besides, the port is one
// process's without further care, and one shutdown covers all.
//
// The servers end together: what is left of them is cancelled when the first
// is destroyed. Drain all of them before.
#ifndef MILLRACE_RPC_LISTENER_H_
#define MILLRACE_RPC_LISTENER_H_

#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/logger.h"
#include "rpc/engine.h"
#include "tls/credentials.h"

namespace millrace::rpc {

// Who carries the calls.
//
// kHttp2: this module, on nghttp2 and the loop's own sockets. A connection,
// with all its calls, is one loop's; loops that share a port are handed
// connections by the kernel. Takes host:port addresses.
//
// kGrpc: grpc++, on the engine's completion queue. It costs several times the
// processor time a call, and has what the other lacks: unix sockets, channelz,
// and calls of one connection that are spread over loops.
enum class Transport { kHttp2, kGrpc };

struct ServerOptions {
  Transport transport = Transport::kHttp2;
  // "host:port" (port 0: any free one) or "unix:/path/of/socket".
  std::string address = "127.0.0.1:0";
  // The setting to name when the address cannot be had.
  std::string address_setting = "--grpc-port";
  size_t max_message_bytes = 4 << 20;
  // kGrpc: how many calls gRPC may hand over before the loop asks for more; of
  // each loop. Few when loops share, see above.
  int posted_requests = 128;
  // Speaks TLS with these certificates; plain text when null.
  std::shared_ptr<tls::Credentials> tls;
  // How long a connection may take until it can carry calls.
  absl::Duration handshake_timeout = absl::Seconds(10);
  // A connection is pinged when nothing has come for `keepalive_interval`, and
  // is given up, with its calls, when no answer comes within
  // `keepalive_timeout`. Infinite: never.
  absl::Duration keepalive_interval = absl::Seconds(60);
  absl::Duration keepalive_timeout = absl::Seconds(20);
  // A client that pings more often, while it has nothing else to say, is told
  // to go (ENHANCE_YOUR_CALM).
  absl::Duration least_ping_interval = absl::Seconds(5);
  // Calls that one connection may have at a time; more wait at the client.
  int max_concurrent_streams = std::numeric_limits<int>::max();
  // kHttp2: connections that may be open; one more is closed at once. Of each
  // loop's server.
  size_t max_connections = 10'000;
  // kHttp2: how long a request that is one message may take from its metadata
  // to its end; a call whose request takes longer ends with DEADLINE_EXCEEDED.
  absl::Duration request_timeout = absl::Seconds(30);
  // kHttp2: how long a client may take nothing of what waits for it. A
  // connection of which it reads nothing is closed. A call whose caller leaves
  // its replies unread may wait as long as it likes while there is memory; once
  // calls hold half of max_memory_bytes it ends with RESOURCE_EXHAUSTED.
  absl::Duration send_timeout = absl::Seconds(30);
  // What the connections and calls of the server may hold together, in bytes:
  // metadata, messages that are coming in or going out, and what they need
  // while they do; not what handlers make of them. 0: no bound. Above it calls
  // end with RESOURCE_EXHAUSTED; kGrpc also ends connections, which is
  // UNAVAILABLE to their calls. With kHttp2 it is of each loop's server.
  size_t max_memory_bytes = 0;
  // kGrpc: whether grpc.channelz.v1.Channelz is served, which tells of every
  // channel, server and connection of gRPC's in this process, whoever asks. For
  // all servers of a process that are opened from then on; gRPC has no other
  // way.
  bool channelz = false;

  absl::Status Validate() const;
};

struct ListenerCore;

class Listener {
 public:
  // Listens at once; calls wait until a server of one of `engines` asks for
  // them. Any thread; the engines stay until the servers are gone, and it is
  // the last server that destroys what is here.
  //
  // INVALID_ARGUMENT for bad options; UNAVAILABLE naming the address and the
  // reason when it cannot be listened on.
  static absl::StatusOr<std::shared_ptr<Listener>> Open(
      const std::vector<Engine*>& engines, ServerOptions options,
      Logger& logger);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // 0 for a unix socket, and before the first server has started with kHttp2.
  // Any thread.
  int port() const;

  // For the files of this module.
  ListenerCore& core() const { return *core_; }

 private:
  explicit Listener(std::unique_ptr<ListenerCore> core);

  const std::unique_ptr<ListenerCore> core_;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_LISTENER_H_
