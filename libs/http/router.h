// Which handler answers a request: by path, then by method.
//
//   router.Get("/healthz", Health);
//   router.Post("/users/:id/avatar", SetAvatar);
//   router.Get("/assets/*path", Assets);
//
// A pattern's segments are literal, `:name` (one segment, not empty) or, last,
// `*name` (the rest, may be empty). A literal wins over a name, a name over a
// rest; matching goes back when what won leads nowhere. HEAD is answered by
// GET's handler, OPTIONS with the methods there are, a known path with another
// method with 405 and Allow, anything else with 404; all errors have the JSON
// body of status_mapping.h.
//
// Wired before the server starts, unchanged afterwards; it must outlive the
// server and the requests in it. Loop thread only.
#ifndef MILLRACE_HTTP_ROUTER_H_
#define MILLRACE_HTTP_ROUTER_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace millrace::http {

class Router {
 public:
  Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;
  ~Router();

  // A malformed pattern, or one that is taken, is a mistake in the wiring and
  // throws StatusError (INVALID_ARGUMENT, ALREADY_EXISTS).
  void Handle(std::string_view method, std::string_view pattern,
              Handler handler);
  void Get(std::string_view pattern, Handler handler);
  void Post(std::string_view pattern, Handler handler);
  void Put(std::string_view pattern, Handler handler);
  void Delete(std::string_view pattern, Handler handler);

  // Wraps every request's handling, also that of unknown paths. The first one
  // used is the outermost.
  void Use(Middleware middleware);

  // Answers for unknown paths in place of the plain 404.
  void NotFound(Handler handler);

  // The response, or the rejection of a handler.
  Promise<Response> Route(Request&& request) const;

  // "GET /healthz" and so on, sorted.
  std::vector<std::string> Routes() const;

 private:
  struct Node;
  struct Found;

  Promise<Response> Dispatch(Request&& request) const;
  Promise<Response> Unmatched(Request&& request, const Found& found) const;
  void Rebuild();

  std::unique_ptr<Node> root_;
  std::vector<Middleware> middleware_;
  Handler not_found_;
  Handler chain_;  // Dispatch inside all middleware
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_ROUTER_H_
