// What an HTTP server allows its clients, and where it listens.
#ifndef MILLRACE_HTTP_OPTIONS_H_
#define MILLRACE_HTTP_OPTIONS_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "http/cors.h"
#include "loop/tcp.h"
#include "tls/credentials.h"

namespace millrace::http {

// Sizes of one request. Past a limit the request is answered with 414, 431 or
// 413 and a body that names the limit, and the connection is closed.
struct ParserLimits {
  size_t max_request_line_bytes = 8 << 10;
  size_t max_header_bytes = 32 << 10;  // request line, fields and trailers
  size_t max_headers = 100;
  size_t max_body_bytes = 4 << 20;

  absl::Status Validate() const;
};

// HTTP Strict Transport Security, RFC 6797: what browsers are told of this host
// with every answer over TLS.
struct HstsOptions {
  absl::Duration max_age = absl::ZeroDuration();  // zero: nothing is told
  bool include_subdomains = false;

  // The value of the field; empty when nothing is told.
  std::string Value() const;
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any free one
  int backlog = 511;
  // Several loops may have a server each on one port: the first server picks
  // it, the others are given the number.
  PortUse port_use = PortUse::kAlone;
  // Speaks TLS with these certificates; plain text when null.
  std::shared_ptr<tls::Credentials> tls;
  // From the connection to the end of the handshake.
  absl::Duration handshake_timeout = absl::Seconds(10);
  ParserLimits limits;
  CorsOptions cors;
  HstsOptions hsts;  // in plain text nothing is told
  // One more is answered with 503 and closed.
  size_t max_connections = 10'000;
  // Requests of one connection that may wait for their answers; reading
  // stops there until the first is answered.
  size_t max_pipelined = 32;
  // From a request's first byte to the end of its head.
  absl::Duration header_timeout = absl::Seconds(10);
  // From a head's end to the end of its body.
  absl::Duration body_timeout = absl::Seconds(30);
  // Between two requests, and before the first.
  absl::Duration idle_timeout = absl::Seconds(60);
  // How long a client may take nothing of an answer that waits for it.
  absl::Duration send_timeout = absl::Seconds(30);
  // Bytes that may wait for a client; past it Server-Sent Events and other
  // streams stop until it reads.
  size_t max_pending_bytes = 256 << 10;
  // What a message about a taken port tells the reader to change.
  std::string port_flag = "--http-port";

  absl::Status Validate() const;
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_OPTIONS_H_
