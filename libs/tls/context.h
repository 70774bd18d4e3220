// From the text of files to OpenSSL's context. Inside this module only.
#ifndef MILLRACE_TLS_CONTEXT_H_
#define MILLRACE_TLS_CONTEXT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tls/credentials.h"
#include "tls/openssl.h"

namespace millrace::tls {

// Everything that is in PEM text `text`; errors begin with `what`, the setting
// and the path.
absl::StatusOr<std::vector<Certificate>> ParseCertificates(
    const std::string& what, const std::string& text);
absl::StatusOr<PrivateKey> ParseKey(const std::string& what,
                                    const std::string& text);

absl::Time TimeOf(const ASN1_TIME* time);

// INVALID_ARGUMENT with the certificate's subject and its time when it has
// expired or is not valid yet.
absl::Status CheckTime(const std::string& what, const X509& certificate,
                       absl::Time now);

// A context with the parsed files; `own` and `key` may be null, `authorities`
// empty: a client then trusts whom the system trusts.
absl::StatusOr<std::shared_ptr<SSL_CTX>> NewContext(
    const Options& options, const std::vector<Certificate>& own, EVP_PKEY* key,
    const std::vector<Certificate>& authorities);

// What a server's session chooses by ALPN.
void SpeakOnly(SSL* session, Protocol protocol);

}  // namespace millrace::tls

#endif  // MILLRACE_TLS_CONTEXT_H_
