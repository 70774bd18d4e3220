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
//                              "end", or "error" with the error's JSON. Where
//                              the contract has positions, an event's id is its
//                              position, and Last-Event-ID goes on behind it:
//                              connect_resume.h
//
// Errors are status_mapping.h's JSON. Connect-Timeout-Ms becomes the call's
// deadline, the other headers (traceparent among them) its metadata, the
// client's leaving its abort. What the handler says beside its answers
// (contract/reply_metadata.h) becomes fields of the response, its trailers
// "trailer-..." fields or, of streams, the metadata of the end envelope; events
// have no place for either. Requests may be compressed with gzip, answers are
// for clients that take it. Loop thread only.
#ifndef MILLRACE_HTTP_CONNECT_H_
#define MILLRACE_HTTP_CONNECT_H_

#include <cstddef>

#include "contract/dispatcher.h"
#include "http/router.h"

namespace millrace::http {

struct RpcOptions {
  // A larger message, as it is when it is expanded, is RESOURCE_EXHAUSTED. The
  // server's own limit is for whole bodies, with all messages of a stream.
  size_t max_message_bytes = 4 << 20;
  // Smaller answers are not worth compressing. Those of more than 1 MiB are not
  // compressed either: the loop would stand still for too long.
  size_t compress_from_bytes = 1024;
};

// What a request says of a call besides its body, for a route that is no
// method of a contract: metadata, caller, abort signal. No method and no
// deadline.
IncomingCall CallOf(const Request& request);

// Adds a route for every method of `dispatcher`, and UNIMPLEMENTED as the
// answer for RPC-like paths that it does not know. The dispatcher must outlive
// the router.
void MountRpc(Router& router, Dispatcher& dispatcher, RpcOptions options = {});

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_CONNECT_H_
