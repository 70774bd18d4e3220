// A request as a handler gets it, and the response that it gives.
//
// Both are values of the loop's thread and may only be moved.
#ifndef MILLRACE_HTTP_MESSAGE_H_
#define MILLRACE_HTTP_MESSAGE_H_

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "http/headers.h"
#include "loop/abort.h"
#include "loop/promise.h"
#include "loop/stream.h"

namespace millrace::http {

class Router;

struct Request {
  std::string method;
  std::string path;   // percent-encoded, as it came, whole under a mount too
  std::string query;  // behind the '?', encoded; see ParseQuery
  Headers headers;
  std::string body;  // whole; transfer coding removed
  std::string peer;  // "127.0.0.1:40000"
  // Whose certificate the client has shown, which was verified; empty when
  // there is none.
  std::string peer_subject;
  // What the route's :names and *rest matched, decoded.
  std::vector<std::pair<std::string, std::string>> params;
  // Aborted when the client is gone, or when a drain is cut short.
  AbortSignal signal;
  // How many bytes of `path` are the prefixes of the mounted routers that the
  // request has entered, and the router outside of them; see Router::Mount.
  size_t mounted = 0;
  const Router* outermost = nullptr;

  // What of `path` lies below these prefixes, with its slash; empty at a
  // prefix itself.
  std::string_view PathBelow() const {
    return std::string_view(path).substr(std::min(mounted, path.size()));
  }

  // Empty when the route has no such name.
  std::string_view Param(std::string_view name) const {
    for (const auto& [key, value] : params) {
      if (key == name) return value;
    }
    return {};
  }
};

struct Response {
  using Body = std::variant<std::string, Stream<std::string>>;

  int status = 200;
  Headers headers;
  // A stream is sent as it comes: with the Content-Length that the handler
  // set, else chunked, or until the connection's end to an HTTP/1.0 client.
  // When it fails, or has not as many bytes as was said, the connection is cut,
  // so that the client sees that something is missing. A text has its own
  // length, whatever the handler set.
  Body body;

  static Response Text(int status, std::string text);
  static Response Html(int status, std::string html);
  static Response Json(int status, std::string json);
  static Response Streamed(std::string_view content_type,
                           Stream<std::string> body);
};

// Rejecting with a StatusError is answered as status_mapping.h says. What a
// handler needs it takes by value; the handler itself, and what it captured,
// live as long as the router.
using Handler = std::function<Promise<Response>(Request)>;

// Wraps a handler in another: to log, to measure, to refuse.
using Middleware = std::function<Handler(Handler next)>;

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_MESSAGE_H_
