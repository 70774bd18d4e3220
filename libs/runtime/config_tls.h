// What a configuration says of certificates.
#ifndef MILLRACE_RUNTIME_CONFIG_TLS_H_
#define MILLRACE_RUNTIME_CONFIG_TLS_H_

#include <optional>
#include <string>
#include <vector>

#include "runtime/config.pb.h"
#include "tls/credentials.h"

namespace millrace::runtime {

// Of one face, or of calls to other processes; nothing where plain text is
// spoken. Their files are not looked at.
std::optional<tls::Options> HttpTlsOf(const config::v1::Config& config);
std::optional<tls::Options> GrpcTlsOf(const config::v1::Config& config);
std::optional<tls::Options> RemoteTlsOf(const config::v1::Config& config);

// What is wrong with http.hsts, which is for TLS; empty when nothing is.
std::string WrongWithHsts(const config::v1::Http& http);

// All there are.
std::vector<tls::Options> TlsOptionsOf(const config::v1::Config& config);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_CONFIG_TLS_H_
