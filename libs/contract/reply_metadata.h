// What a handler says beside its answers: headers, which go before the first
// answer, and trailers, which go behind the last one or with the error.
//
//   ThrowIfError(call.reply.AddHeader("x-cache", "hit"));
//
// gRPC sends them as metadata; HTTP as fields of the response, where the
// trailers of a unary call are fields named "trailer-..." and those of a stream
// stand in its last frame.
//
// A handle: copies say the same to the same caller. A call passed on to a
// module of this process takes it along; other processes never see it. A
// default one is nobody's, and drops what it is given. Loop thread only.
#ifndef MILLRACE_CONTRACT_REPLY_METADATA_H_
#define MILLRACE_CONTRACT_REPLY_METADATA_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace millrace {

// Headers, with lower-case names, in their order.
using Metadata = std::vector<std::pair<std::string, std::string>>;

class ReplyMetadata {
 public:
  ReplyMetadata() = default;
  // One that keeps what it is given, for a face.
  static ReplyMetadata Make();

  // Adds one field; a name may come again. Names are letters, digits, '-', '_'
  // and '.', and are sent in lower case. Values are printable ASCII without
  // spaces at their ends, or any bytes if the name ends in "-bin". gRPC clients
  // take 8 KiB in all, an error's details included.
  //
  // INVALID_ARGUMENT for a name or value that is none or that the protocol
  // takes for itself; FAILED_PRECONDITION for a header after they were sent.
  absl::Status AddHeader(std::string_view name, std::string_view value) const;
  absl::Status AddTrailer(std::string_view name, std::string_view value) const;

  // Sends the headers now, so that the caller of a stream has them before the
  // first answer. Later calls do nothing, nor does it for a unary call.
  void SendHeaders() const;

  // For faces: what was said so far. TakeHeaders() is for the moment when they
  // are sent; it gives them once.
  Metadata TakeHeaders() const;
  Metadata TakeTrailers() const;
  // For faces: what SendHeaders() does. Called at most once.
  void OnSendHeaders(std::function<void()> send) const;

 private:
  struct State {
    Metadata headers;
    Metadata trailers;
    bool sent = false;
    std::function<void()> send;
  };

  std::shared_ptr<State> state_;  // null: nobody's
};

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_REPLY_METADATA_H_
