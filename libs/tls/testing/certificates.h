// Certificates that are made while a test runs. For tests; any thread.
#ifndef MILLRACE_TLS_TESTING_CERTIFICATES_H_
#define MILLRACE_TLS_TESTING_CERTIFICATES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tls/credentials.h"

struct evp_pkey_st;
struct x509_st;

namespace millrace::tls {

struct CertificateOf {
  std::string common_name = "localhost";
  // As OpenSSL writes them: "DNS:localhost", "IP:127.0.0.1",
  // "URI:spiffe://example.org/billing".
  std::vector<std::string> alternative_names = {"DNS:localhost",
                                                "IP:127.0.0.1"};
  absl::Duration begins = -absl::Hours(1);  // from now
  absl::Duration ends = absl::Hours(1);
};

// As PEM.
struct Issued {
  std::string certificate;
  std::string key;
};

class Authority {
 public:
  explicit Authority(const std::string& name);

  // Its own certificate, as PEM.
  const std::string& certificate() const { return pem_; }
  Issued Issue(const CertificateOf& of = {}) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
  std::string pem_;
};

// A directory with a server's and a client's files, gone with the object.
class CertificateFiles {
 public:
  CertificateFiles();
  ~CertificateFiles();
  CertificateFiles(const CertificateFiles&) = delete;

  // The path of a file that now has this text; replaced as a whole.
  std::string Write(const std::string& name, const std::string& text) const;
  // NAME.pem and NAME.key.
  void Write(const std::string& name, const Issued& issued) const;
  std::string Path(const std::string& name) const;

  // A client that trusts `authority`, a file of this directory, and has the
  // certificate of this name, if it has a name.
  Options Client(const std::string& name = "",
                 const std::string& authority = "ca.pem") const;

  const Authority authority{"the authority of a test"};
  const Authority stranger{"somebody else's authority"};

 private:
  std::string dir_;
};

}  // namespace millrace::tls

#endif  // MILLRACE_TLS_TESTING_CERTIFICATES_H_
