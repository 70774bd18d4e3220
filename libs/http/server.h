// An HTTP/1.1 server on an event loop: listens, keeps its connections, times
// them, drains.
//
//   Router router;
//   router.Get("/healthz", Health);
//   ASSIGN(server, Server::Start(loop, options, router, logger, metrics));
//   ...
//   co_await server->Drain(absl::Seconds(10));
//
// Loop thread only. Everything handed to Start must outlive the server; the
// server must be gone before its loop.
#ifndef MILLRACE_HTTP_SERVER_H_
#define MILLRACE_HTTP_SERVER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "http/options.h"
#include "http/router.h"
#include "loop/event_loop.h"

namespace millrace::http {

class Server {
 public:
  // INVALID_ARGUMENT for bad options; UNAVAILABLE, naming the address, when it
  // cannot be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(EventLoop& loop,
                                                       ServerOptions options,
                                                       const Router& router,
                                                       Logger& logger,
                                                       Metrics& metrics);
  // Cuts what is still open.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;
  size_t connections() const;

  // Takes no more connections, lets requests in flight end, closes each
  // connection behind its last answer, and cuts what is left after `bound`.
  // Resolves when no connection is left.
  Promise<void> Drain(absl::Duration bound);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_SERVER_H_
