// OpenSSL's side of a connection: bytes of the wire in and out, plain bytes out
// and in. Does no I/O. Inside this module only; loop thread.
#ifndef MILLRACE_TLS_ENGINE_H_
#define MILLRACE_TLS_ENGINE_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "tls/credentials.h"
#include "tls/openssl.h"

namespace millrace::tls {

class Engine {
 public:
  // `host` is whom a client must meet, empty for a server. `protocol` is for a
  // server.
  Engine(std::shared_ptr<const Loaded> credentials, const std::string& host,
         Protocol protocol = Protocol::kHttp11);

  // What has come from the peer. Read() and Handshake() take it.
  void Feed(std::string_view bytes);
  // What has to go to the peer since the last call.
  std::string TakeOutput();

  enum class Step { kDone, kMore, kFailed };
  // kMore: more has to come from the peer. kFailed: see error().
  Step Handshake();

  enum class Got { kBytes, kMore, kEnd, kFailed };
  // Into `buffer`; `size` is set for kBytes. kEnd: the peer said it was all.
  Got Read(absl::Span<char> buffer, size_t* size);

  // False: it failed. The bytes are in the output then.
  bool Write(std::string_view bytes);
  // Says that no more will be written.
  void End();

  // Why it failed, in words about the peer.
  const std::string& error() const { return error_; }
  // It failed because the peer speaks HTTP without TLS.
  bool met_http() const { return met_http_; }
  // Of the certificate that was verified.
  std::string PeerSubject() const;

 private:
  void TakeError(int result);

  const std::shared_ptr<const Loaded> credentials_;
  Session ssl_;
  BIO* in_ = nullptr;  // ssl_ owns both
  BIO* out_ = nullptr;
  std::string error_;
  bool met_http_ = false;
};

}  // namespace millrace::tls

#endif  // MILLRACE_TLS_ENGINE_H_
