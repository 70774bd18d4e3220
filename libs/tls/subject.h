// Whose a certificate is. Pure; any thread.
#ifndef MILLRACE_TLS_SUBJECT_H_
#define MILLRACE_TLS_SUBJECT_H_

#include <string>
#include <vector>

namespace millrace::tls {

// The SPIFFE id among `uris`, the certificate's alternative names of that kind,
// else `common_name`. Nobody when there is a SPIFFE id and another URI beside
// it, which SPIFFE forbids, or when the name has control characters.
std::string Subject(const std::vector<std::string>& uris,
                    const std::string& common_name);

}  // namespace millrace::tls

#endif  // MILLRACE_TLS_SUBJECT_H_
