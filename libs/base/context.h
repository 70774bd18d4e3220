// What travels with every call and event, whatever carries it.
#ifndef MILLRACE_BASE_CONTEXT_H_
#define MILLRACE_BASE_CONTEXT_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/trace.h"

namespace millrace {

// Who calls. An empty subject is an anonymous caller.
struct Identity {
  std::string subject;

  // What the caller may do, for example "users.users.read". "users.*" is
  // everything of the users service, "*" everything there is.
  std::vector<std::string> permissions;
};

struct CallContext {
  TraceContext trace;
  absl::Time deadline = absl::InfiniteFuture();
  Identity identity;
  // Where the call came from, "127.0.0.1:40000" or as gRPC spells it; empty
  // when it did not come from outside.
  std::string peer;
  // Whom that counts as where callers are told apart by address: "192.0.2.7",
  // or the network of an IPv6 address, "2001:db8::/64". Behind proxies that the
  // configuration knows of, `peer` is the proxy and this still the caller.
  // Empty for callers that have none: unix sockets, and the process itself.
  std::string address;
  // The access token of `identity`, for calls that are made on the caller's
  // behalf: a secret, of which no log has to know. Empty when there is none.
  std::string token;
  // The id of the event whose handler makes this call; empty for a request.
  std::string causation_id;
  // W3C Baggage as it came, passed on to calls and events; empty: none.
  std::string baggage;
};

}  // namespace millrace

#endif  // MILLRACE_BASE_CONTEXT_H_
