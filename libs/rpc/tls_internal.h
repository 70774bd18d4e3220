// Certificates as gRPC takes them. Private to rpc.
#ifndef MILLRACE_RPC_TLS_INTERNAL_H_
#define MILLRACE_RPC_TLS_INTERNAL_H_

#include <grpc/grpc_security.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/credentials.h>

#include <memory>
#include <mutex>
#include <string>

#include "tls/credentials.h"

namespace millrace::rpc {

// Gives gRPC the certificates of a listener, and again when they have changed:
// gRPC asks before each handshake, on a thread of its own. So both come from
// files that were checked together, which gRPC's own watcher of files does not
// do. Outlives the server.
class ServerCertificates {
 public:
  explicit ServerCertificates(std::shared_ptr<tls::Credentials> source)
      : source_(std::move(source)) {}

  // The caller owns them. Call once.
  grpc_server_credentials* NewCredentials();

 private:
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config);

  const std::shared_ptr<tls::Credentials> source_;
  std::mutex mutex_;
  std::shared_ptr<const tls::Loaded> given_;
};

std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsOf(
    const tls::Loaded& loaded);

// Whose certificate a caller has shown, which gRPC has verified; empty when
// there is none.
std::string SubjectOf(const grpc::AuthContext& context);

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_TLS_INTERNAL_H_
