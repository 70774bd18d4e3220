// One request over HTTP/1.1, in plain text or TLS, for documents of other
// services and for what is handed to them: small, whole, within a time. Not a
// client for general use: no redirects, no reuse of connections.
//
// Loop thread. The loop outlives the promise.
#ifndef MILLRACE_HTTP_FETCH_H_
#define MILLRACE_HTTP_FETCH_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "http/headers.h"
#include "loop/abort.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "tls/credentials.h"

namespace millrace::http {

struct HttpUrl {
  std::string host;  // of IPv6 without brackets
  int port = 80;
  std::string target = "/";
  bool secure = false;  // https
};

// INVALID_ARGUMENT when it is no http:// or https:// URL, or has a user in it.
absl::StatusOr<HttpUrl> ParseHttpUrl(std::string_view text);

struct FetchOptions {
  absl::Duration timeout = absl::Seconds(5);
  size_t max_bytes = 64 << 10;  // of the body
  // Whom a secure URL is trusted to; it needs one.
  std::shared_ptr<tls::Credentials> tls;
  // Gives up, with its reason, when it aborts.
  AbortSignal signal;
};

struct FetchRequest {
  std::string method = "GET";
  // Besides Host, Connection and Content-Length, which are the client's.
  Headers headers;
  std::string body;
};

struct FetchResponse {
  int status = 0;
  Headers headers;
  std::string body;  // transfer coding removed
};

// The answer to `request`, whatever its status. UNAVAILABLE when there is no
// connection, it breaks, or what answers is no HTTP/1.1; DEADLINE_EXCEEDED
// after the time; RESOURCE_EXHAUSTED when the body is larger;
// INVALID_ARGUMENT when the method or a header may not be sent.
Promise<FetchResponse> Exchange(EventLoop& loop, HttpUrl url,
                                FetchRequest request, FetchOptions options);

// The body of a 200 to a GET that accepts JSON. UNAVAILABLE for any other
// answer, else as Exchange().
Promise<std::string> Fetch(EventLoop& loop, HttpUrl url, FetchOptions options);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_FETCH_H_
