#include <grpc/grpc_security_constants.h>

#include <vector>

#include "rpc/tls_internal.h"
#include "tls/subject.h"

namespace millrace::rpc {
namespace {

grpc_ssl_client_certificate_request_type RequestOf(
    tls::ClientCertificates clients) {
  switch (clients) {
    case tls::ClientCertificates::kNone:
      return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
    case tls::ClientCertificates::kOptional:
      return GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
    case tls::ClientCertificates::kRequired:
      return GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  return GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
}

}  // namespace

grpc_server_credentials* ServerCertificates::NewCredentials() {
  return grpc_ssl_server_credentials_create_with_options(
      grpc_ssl_server_credentials_create_options_using_config_fetcher(
          RequestOf(source_->options().clients), &ServerCertificates::Fetch,
          this));
}

grpc_ssl_certificate_config_reload_status ServerCertificates::Fetch(
    void* self, grpc_ssl_server_certificate_config** config) {
  auto& certificates = *static_cast<ServerCertificates*>(self);
  const auto current = certificates.source_->current();
  const std::lock_guard lock(certificates.mutex_);
  if (current == certificates.given_) {
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  }
  const grpc_ssl_pem_key_cert_pair own = {current->key.c_str(),
                                          current->certificate.c_str()};
  // gRPC aborts when a later configuration has no authorities. Without any,
  // clients are not asked for certificates, and nobody is verified by these.
  const std::string& authorities =
      current->ca.empty() ? current->certificate : current->ca;
  *config =
      grpc_ssl_server_certificate_config_create(authorities.c_str(), &own, 1);
  certificates.given_ = current;
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsOf(
    const tls::Loaded& loaded) {
  return grpc::SslCredentials({.pem_root_certs = loaded.ca,
                               .pem_private_key = loaded.key,
                               .pem_cert_chain = loaded.certificate});
}

std::string SubjectOf(const grpc::AuthContext& context) {
  if (!context.IsPeerAuthenticated()) return {};
  std::vector<std::string> uris;
  for (const grpc::string_ref& uri :
       context.FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)) {
    uris.emplace_back(uri.data(), uri.size());
  }
  const auto names = context.FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
  return tls::Subject(uris, names.empty() ? std::string()
                                          : std::string(names.front().data(),
                                                        names.front().size()));
}

}  // namespace millrace::rpc
