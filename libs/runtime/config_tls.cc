#include "runtime/config_tls.h"

#include <string>
#include <utility>

#include "absl/time/time.h"

namespace millrace::runtime {
namespace {

tls::ClientCertificates ClientsOf(const std::string& name) {
  if (name == "required") return tls::ClientCertificates::kRequired;
  return name == "optional" ? tls::ClientCertificates::kOptional
                            : tls::ClientCertificates::kNone;
}

std::optional<tls::Options> FaceTlsOf(const config::v1::Tls& tls,
                                      std::string setting) {
  // Whatever is there by itself is for TLS: Validate() says what is missing.
  if (tls.certificate_file().empty() && tls.key_file().empty() &&
      tls.ca_file().empty() && tls.client_certificates() == "none") {
    return std::nullopt;
  }
  return tls::Options{.role = tls::Options::Role::kServer,
                      .setting = std::move(setting),
                      .certificate_file = tls.certificate_file(),
                      .key_file = tls.key_file(),
                      .ca_file = tls.ca_file(),
                      .clients = ClientsOf(tls.client_certificates())};
}

}  // namespace

std::optional<tls::Options> HttpTlsOf(const config::v1::Config& config) {
  return FaceTlsOf(config.http().tls(), "http.tls");
}

std::optional<tls::Options> GrpcTlsOf(const config::v1::Config& config) {
  return FaceTlsOf(config.grpc().tls(), "grpc.tls");
}

std::optional<tls::Options> RemoteTlsOf(const config::v1::Config& config) {
  const config::v1::RemoteTls& tls = config.remote_tls();
  if (tls.ca_file().empty() && tls.certificate_file().empty() &&
      tls.key_file().empty()) {
    return std::nullopt;
  }
  return tls::Options{.role = tls::Options::Role::kClient,
                      .setting = "remote_tls",
                      .certificate_file = tls.certificate_file(),
                      .key_file = tls.key_file(),
                      .ca_file = tls.ca_file()};
}

std::string WrongWithHsts(const config::v1::Http& http) {
  absl::Duration max_age;
  if (!absl::ParseDuration(http.hsts().max_age(), &max_age)) return "";
  if (max_age == absl::ZeroDuration()) {
    return http.hsts().include_subdomains()
               ? "must be set for http.hsts.include_subdomains"
               : "";
  }
  if (!http.tls().certificate_file().empty()) return "";
  return "needs http.tls.certificate_file: browsers believe it over TLS only; "
         "a "
         "proxy that speaks TLS before this process tells it itself";
}

std::vector<tls::Options> TlsOptionsOf(const config::v1::Config& config) {
  std::vector<tls::Options> all;
  for (auto& options :
       {HttpTlsOf(config), GrpcTlsOf(config), RemoteTlsOf(config)}) {
    if (options.has_value()) all.push_back(*options);
  }
  return all;
}

}  // namespace millrace::runtime
