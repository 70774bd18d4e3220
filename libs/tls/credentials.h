// The certificates of one side of TLS, as files name them: read, checked, and
// read again when they change.
//
// Certificates are PEM files: the own certificate, behind it those between it
// and its authority; its key, not encrypted; the authorities that sign the
// certificates of the other side. All that is wrong with one is found when it
// is read, and said with the setting and the path: that it cannot be read, has
// no certificate in it, has expired, that the key is another certificate's.
//
// What was read is a value that never changes (Loaded). A connection keeps the
// one that it began with; new connections take the current one. So a change of
// the files disturbs nobody, and files that do not fit, because one of them has
// been replaced and the other not yet, change nothing until they do.
//
// Any thread.
#ifndef MILLRACE_TLS_CREDENTIALS_H_
#define MILLRACE_TLS_CREDENTIALS_H_

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace millrace::tls {

// Whether a server asks who connects for a certificate.
enum class ClientCertificates { kNone, kOptional, kRequired };

// What is spoken over TLS, as ALPN names it.
enum class Protocol { kHttp11, kHttp2 };

struct Options {
  enum class Role { kServer, kClient };

  Role role = Role::kServer;
  // Where the paths come from, for errors: "http.tls".
  std::string setting = "tls";
  // A server has both; a client both or none.
  std::string certificate_file;
  std::string key_file;
  // A server that asks for certificates has it; without it a client trusts
  // those whom the system trusts.
  std::string ca_file;
  ClientCertificates clients = ClientCertificates::kNone;

  // INVALID_ARGUMENT naming the setting of a file that is missing or is there
  // for nothing.
  absl::Status Validate() const;
};

// What the files said.
struct Loaded {
  // As PEM; empty where no file is named.
  std::string certificate;
  std::string key;
  std::string ca;
  // When the own certificate ends; never without one.
  absl::Time expires = absl::InfiniteFuture();
  // TLS 1.2 and up; HTTP/1.1 by ALPN, unless a connection says otherwise.
  std::shared_ptr<ssl_ctx_st> context;

  bool SameFiles(const Loaded& other) const {
    return certificate == other.certificate && key == other.key &&
           ca == other.ca;
  }
};

class Credentials {
 public:
  // INVALID_ARGUMENT with what is wrong. Reads files: blocks. `clock` outlives
  // it; null is the system's.
  static absl::StatusOr<std::shared_ptr<Credentials>> Load(
      Options options, const Clock* clock = nullptr);

  const Options& options() const { return options_; }
  std::shared_ptr<const Loaded> current() const;

  // Reads the files again; blocks. True when they have changed and what they
  // say is taken from now on. With an error what was there stays.
  absl::StatusOr<bool> Reload();

 private:
  Credentials(Options options, const Clock* clock)
      : options_(std::move(options)), clock_(clock) {}
  absl::Time Now() const;

  const Options options_;
  const Clock* const clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Loaded> current_;
};

}  // namespace millrace::tls

#endif  // MILLRACE_TLS_CREDENTIALS_H_
