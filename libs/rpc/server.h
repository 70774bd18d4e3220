// A gRPC server on an event loop. Handlers run on the loop's thread; what they
// are is up to the Dispatcher. Health checking (grpc.health.v1) and reflection
// (v1 and v1alpha) are built in and do not pass the dispatcher.
//
// Loop thread only. The engine, dispatcher, logger and metrics must outlive
// the server. Destroying it cancels what is still in flight; Drain() first.
// The servers of several loops may share a Listener (listener.h), each with
// the calls, or the connections, that its loop is handed.
//
// What a caller is told: errors are the handler's, with their details as
// grpc-status-details-bin. A method that is not served is UNIMPLEMENTED,
// bytes that do not decode are INVALID_ARGUMENT, a message above the limit is
// RESOURCE_EXHAUSTED.
#ifndef MILLRACE_RPC_SERVER_H_
#define MILLRACE_RPC_SERVER_H_

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
#include "rpc/listener.h"

namespace millrace::rpc {

class ServerImpl;

class Server {
 public:
  // INVALID_ARGUMENT for bad options; UNAVAILABLE naming the address and the
  // reason when it cannot be listened on. Serves, and reports SERVING, at once.
  static absl::StatusOr<std::unique_ptr<Server>> Start(Engine& engine,
                                                       ServerOptions options,
                                                       Dispatcher& dispatcher,
                                                       Logger& logger,
                                                       Metrics& metrics);
  // The same with a listener that was opened for this engine and others.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      Engine& engine, std::shared_ptr<Listener> listener,
      Dispatcher& dispatcher, Logger& logger, Metrics& metrics);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // 0 for a unix socket.
  int port() const;

  // What health checks are told: of everything, or of one service.
  void SetServing(bool serving);
  void SetServing(std::string_view service, bool serving);

  // Reports NOT_SERVING, takes no new call, lets those in flight finish and
  // cancels what is left at the bound. Settles when the last call is over.
  // Later calls return the same promise. Servers that share a listener begin
  // to drain at once when the first does, whose bound counts: drain all.
  Promise<void> Drain(absl::Duration bound);

 private:
  explicit Server(std::unique_ptr<ServerImpl> impl);

  const std::unique_ptr<ServerImpl> impl_;
  std::optional<Promise<void>> drain_;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_SERVER_H_
