// Streams of RPC answers as HTTP bodies; for connect.cc. Loop thread only.
#ifndef MILLRACE_HTTP_CONNECT_STREAM_H_
#define MILLRACE_HTTP_CONNECT_STREAM_H_

#include <string>

#include "contract/dispatcher.h"
#include "http/connect_request.h"
#include "http/message.h"

namespace millrace::http {

// The requests of a streaming call, out of the body of an
// application/connect+* request.
absl::StatusOr<std::vector<MessagePtr>> DecodeEnvelopes(
    const MethodInfo& method, Codec codec, std::string_view body);

// The answers as envelopes, closed by the end envelope, which has the error if
// there was one. Cancels `answers` when the client leaves.
Stream<std::string> ToEnvelopes(Stream<MessagePtr> answers, Codec codec);

// The answers as Server-Sent Events; see connect.h.
Stream<std::string> ToEvents(Stream<MessagePtr> answers);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_CONNECT_STREAM_H_
