// How a server gets its address. Private to rpc.
#ifndef MILLRACE_RPC_LISTENER_INTERNAL_H_
#define MILLRACE_RPC_LISTENER_INTERNAL_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "rpc/listener.h"
#include "rpc/tls_internal.h"

namespace millrace::rpc {

struct ListenerCore {
  ServerOptions options;
  std::atomic<int> port = 0;

  // kHttp2: whether there are several servers, and one of them has the port.
  bool shared = false;
  std::atomic<bool> taken = false;

  // kGrpc: gRPC's objects, which may be used on any thread.
  grpc::AsyncGenericService service;
  // ServerBuilder insists on a queue of its own; nothing arrives in it. gRPC
  // gives it a turn when it assigns connections to queues: what those bring
  // goes to the next queue, the first engine's.
  std::unique_ptr<grpc::ServerCompletionQueue> spare_queue;
  std::unique_ptr<ServerCertificates> certificates;  // null: plain text
  std::unique_ptr<grpc::Server> server;
};

// Of "host:port" and "[::1]:port", without the brackets. Nothing when there is
// no port.
struct HostAndPort {
  std::string host;
  std::string port;
};
std::optional<HostAndPort> SplitAddress(const std::string& address);

// Why `address` ("host:port" or "unix:/path") cannot be listened on, as
// UNAVAILABLE naming it and `setting`; OK when it can. grpc++ itself tells no
// reason, and reports to stderr.
absl::Status ProbeAddress(const std::string& address,
                          const std::string& setting);

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_LISTENER_INTERNAL_H_
