// The asking half of grpc.health.v1.Health. Loop thread only.
#ifndef MILLRACE_RPC_HEALTH_CHECK_H_
#define MILLRACE_RPC_HEALTH_CHECK_H_

#include <string>

#include "contract/service.h"
#include "loop/promise.h"

namespace millrace::rpc {

// Resolves when the process at the other end serves `service`, "" being all of
// it. UNAVAILABLE says that it does not serve now, or cannot be reached;
// NOT_FOUND that it has no such service. `channel` and `call` outlive the
// promise.
Promise<void> CheckServing(Channel& channel, const Call& call,
                           std::string service);

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_HEALTH_CHECK_H_
