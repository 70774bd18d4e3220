// What stands behind a Server, for each transport (listener.h). Private to
// rpc; loop thread only. Destroying it cancels what is in flight.
#ifndef MILLRACE_RPC_SERVER_INTERNAL_H_
#define MILLRACE_RPC_SERVER_INTERNAL_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "loop/promise.h"
#include "rpc/listener.h"
#include "rpc/served_call_internal.h"

namespace millrace::rpc {

class ServerImpl {
 public:
  virtual ~ServerImpl() = default;

  virtual int port() const = 0;
  virtual HealthService& health() = 0;
  // Called once. Settles when the last call is over.
  virtual Promise<void> Drain(absl::Duration bound) = 0;
};

// On the completion queue of `engine`.
std::unique_ptr<ServerImpl> StartGrpcServer(Engine& engine,
                                            std::shared_ptr<Listener> listener,
                                            Dispatcher& dispatcher,
                                            Logger& logger, Metrics& metrics);

// On the loop alone. UNAVAILABLE when the address cannot be listened on.
absl::StatusOr<std::unique_ptr<ServerImpl>> StartHttp2Server(
    EventLoop& loop, std::shared_ptr<Listener> listener, Dispatcher& dispatcher,
    Logger& logger, Metrics& metrics);

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_SERVER_INTERNAL_H_
