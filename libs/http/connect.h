// Serves RPC contracts over HTTP in the form of the Connect protocol
// (https://connectrpc.com/docs/protocol), so that curl, browsers and generated
// Connect clients can call them:
//
//   POST /pkg.Service/Method   application/json or application/proto
//   GET /pkg.Service/Method?encoding=json&message={...}[&base64=1][&connect=v1]
//                              for methods without side effects
//   POST /pkg.Service/Method   application/connect+json or +proto: streams,
//                              one direction after the other
//   GET or POST with Accept: text/event-stream: the answers of a server stream
//                              as events whose data is JSON; the last event is
//                              "end", or "error" with the error's JSON
//
// Errors are status_mapping.h's JSON. Connect-Timeout-Ms becomes the call's
// deadline, the other headers (traceparent among them) its metadata, the
// client's leaving its abort. Nothing is compressed. Loop thread only.
#ifndef MILLRACE_HTTP_CONNECT_H_
#define MILLRACE_HTTP_CONNECT_H_

#include "contract/dispatcher.h"
#include "http/router.h"

namespace millrace::http {

// Adds a route for every method of `dispatcher`, and UNIMPLEMENTED as the
// answer for RPC-like paths that it does not know. The dispatcher must outlive
// the router.
void MountRpc(Router& router, Dispatcher& dispatcher);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_CONNECT_H_
