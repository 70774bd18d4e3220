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
// A router may be mounted in another under a prefix:
//
//   api.Get("/users/:id", GetUser);
//   router.Mount("/api/v1", api);      // GET /api/v1/users/:id
//
// Wired before the server starts, unchanged afterwards; it and what is mounted
// in it must outlive the server and the requests in it. Loop thread only.
#ifndef MILLRACE_HTTP_ROUTER_H_
#define MILLRACE_HTTP_ROUTER_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
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

  // From here on the routes of `child`, also those it is given later, are
  // routes of this router with `prefix` before their patterns, and answered
  // inside the child's middleware, which is inside this router's. One table
  // decides: which route wins, what 405 and OPTIONS list, what is taken. The
  // child's "/" is the prefix itself, with and without a slash at its end;
  // "/*rest" is too unless another route is there. What no route takes is
  // answered by the innermost router under whose prefix it is.
  //
  // The prefix may have :names, whose values the child's handlers get before
  // their own; "/" is the prefix of nothing. Request::path stays whole;
  // Request::PathBelow() is what the child's routes see.
  //
  // Throws as Handle() does, also when `child` is mounted already, when it is
  // this router or has it mounted, and, from then on, in the child's Handle().
  void Mount(std::string_view prefix, Router& child);

  // Wraps every request's handling, also that of unknown paths. The first one
  // used is the outermost.
  void Use(Middleware middleware);

  // Answers for unknown paths in place of the plain 404. A mounted router that
  // has none uses that of the router around it, which sees what lies below its
  // own prefix.
  void NotFound(Handler handler);

  // The response, or the rejection of a handler.
  Promise<Response> Route(Request&& request) const;

  // "GET /healthz" and so on, sorted; those of mounted routers whole.
  std::vector<std::string> Routes() const;

 private:
  struct Entry;
  struct Found;
  struct Mounted;
  struct Node;

  void Insert(std::string_view method, std::string_view pattern, Entry entry);
  void InsertAbove(std::string_view method, const Entry& entry);
  std::vector<std::pair<std::string, const Entry*>> Entries() const;

  Promise<Response> Dispatch(Request&& request) const;
  Promise<Response> Enter(const Mounted& mounted, Request&& request) const;
  Promise<Response> Unmatched(Request&& request, const Found& found) const;
  Promise<Response> Refuse(Request&& request, const Found& found) const;
  Promise<Response> Unknown(Request&& request) const;
  void Rebuild();

  std::unique_ptr<Node> root_;
  const Mounted* mounted_ = nullptr;  // where this router is mounted, if it is
  std::vector<Middleware> middleware_;
  Handler not_found_;
  Handler chain_;  // Dispatch inside all middleware
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_ROUTER_H_
