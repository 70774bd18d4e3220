// How a server gets its address. Private to rpc.
#ifndef MILLRACE_RPC_LISTENER_INTERNAL_H_
#define MILLRACE_RPC_LISTENER_INTERNAL_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "absl/status/status.h"

struct grpc_completion_queue;

namespace millrace::rpc {

// Why `address` ("host:port" or "unix:/path") cannot be listened on, as
// UNAVAILABLE naming it and `setting`; OK when it can. grpc++ itself tells no
// reason, and reports to stderr.
absl::Status ProbeAddress(const std::string& address,
                          const std::string& setting);

// Plain-text credentials that also register `queue` with the server they are
// given to: grpc++ lets a server use only queues of its own builder, while an
// engine's queue serves several servers.
std::shared_ptr<grpc::ServerCredentials> PlainListener(
    grpc_completion_queue* queue);

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_LISTENER_INTERNAL_H_
