// Streams of RPC answers as HTTP bodies; for connect.cc. Loop thread only.
#ifndef MILLRACE_HTTP_CONNECT_STREAM_H_
#define MILLRACE_HTTP_CONNECT_STREAM_H_

#include <string>

#include "contract/dispatcher.h"
#include "http/connect_request.h"
#include "http/message.h"

namespace millrace::http {

// The requests of a streaming call, out of the body of an
// application/connect+* request whose compressed messages are in `coding`.
// Frames that are wrong are told at once. A message is decoded when it is
// wanted, and fails the stream if it is wrong: a body of a few KiB may stand
// for gigabytes of messages, of which there is one at a time. `method` outlives
// the stream.
absl::StatusOr<Stream<MessagePtr>> DecodeEnvelopes(const MethodInfo& method,
                                                   Codec codec, Coding coding,
                                                   size_t limit,
                                                   std::string body);

// How answers are written into envelopes.
struct EnvelopeForm {
  Codec codec = Codec::kJson;
  bool gzip = false;
  size_t gzip_from = 0;  // bytes; smaller answers are left as they are
};

struct Envelopes {
  Stream<std::string> body;
  // Resolves with the first answer, or when there will be none.
  Promise<void> begun;
};

// The answers as envelopes, closed by the end envelope, which has the error if
// there was one and the trailers of `reply`. Cancels `answers` when the client
// leaves.
Envelopes ToEnvelopes(Stream<MessagePtr> answers, EnvelopeForm form,
                      ReplyMetadata reply);

// The answers as Server-Sent Events; see connect.h. With `ids` they have
// positions, as connect_resume.h says.
Stream<std::string> ToEvents(Stream<MessagePtr> answers, bool ids);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_CONNECT_STREAM_H_
