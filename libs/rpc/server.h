// A gRPC server on an event loop. Handlers run on the loop's thread; what they
// are is up to the Dispatcher. Health checking (grpc.health.v1) and reflection
// (v1 and v1alpha) are built in and do not pass the dispatcher.
//
// Loop thread only. The engine, dispatcher, logger and metrics must outlive
// the server. Destroying it cancels what is still in flight; Drain() first.
//
// What a caller is told: errors are the handler's, with their details as
// grpc-status-details-bin. A method that is not served is UNIMPLEMENTED,
// bytes that do not decode are INVALID_ARGUMENT, a message above the limit is
// RESOURCE_EXHAUSTED.
#ifndef MILLRACE_RPC_SERVER_H_
#define MILLRACE_RPC_SERVER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "contract/dispatcher.h"
#include "loop/promise.h"
#include "rpc/engine.h"

namespace millrace::rpc {

struct ServerOptions {
  // "host:port" (port 0: any free one) or "unix:/path/of/socket".
  std::string address = "127.0.0.1:0";
  // The setting to name when the address cannot be had.
  std::string address_setting = "--grpc-port";
  size_t max_message_bytes = 4 << 20;
  // Lets several servers listen on one port, the kernel spreading connections
  // over them. Off, so that a port in use is an error.
  bool reuse_port = false;
  // How many calls gRPC may hand over before the loop asks for more.
  int posted_requests = 128;

  absl::Status Validate() const;
};

struct ServerCore;

class Server {
 public:
  // INVALID_ARGUMENT for bad options; UNAVAILABLE naming the address and the
  // reason when it cannot be listened on. Serves, and reports SERVING, at once.
  static absl::StatusOr<std::unique_ptr<Server>> Start(Engine& engine,
                                                       ServerOptions options,
                                                       Dispatcher& dispatcher,
                                                       Logger& logger,
                                                       Metrics& metrics);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // 0 for a unix socket.
  int port() const { return port_; }

  // What health checks are told: of everything, or of one service.
  void SetServing(bool serving);
  void SetServing(std::string_view service, bool serving);

  // Reports NOT_SERVING, takes no new call, lets those in flight finish and
  // cancels what is left at the bound. Settles when the last call is over.
  // Later calls return the same promise.
  Promise<void> Drain(absl::Duration bound);

 private:
  Server(std::shared_ptr<ServerCore> core, int port);
  static Promise<void> RunDrain(std::shared_ptr<ServerCore> core,
                                absl::Duration bound);

  std::shared_ptr<ServerCore> core_;
  const int port_;
  std::optional<Promise<void>> drain_;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_SERVER_H_
