// gRPC's messages in the bytes of a stream: a flag, four bytes of length, the
// message. Private to rpc; loop thread only.
#ifndef MILLRACE_RPC_HTTP2_MESSAGES_INTERNAL_H_
#define MILLRACE_RPC_HTTP2_MESSAGES_INTERNAL_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "contract/service.h"

namespace millrace::rpc {

// Behind what `out` has.
absl::Status AppendMessage(const Message& message, std::string* out);

enum class Coding { kIdentity, kGzip };

// What has come of a stream's messages and nobody has taken.
class MessageInput {
 public:
  void SetLimit(size_t max_message_bytes) { limit_ = max_message_bytes; }
  void SetCoding(Coding coding) { coding_ = coding; }

  enum class Got { kMessage, kMore, kFailed };
  // Decodes the first message into `message`, if `input` together with what
  // came before has it whole. What is left over of `input` is kept.
  //
  // RESOURCE_EXHAUSTED as soon as a message's head says that it is above the
  // limit, INVALID_ARGUMENT when it does not decode, INTERNAL when its flag or
  // its coding breaks the protocol.
  Got Take(std::string_view input, Message* message, absl::Status* error);
  // Keeps `input` for later.
  void Keep(std::string_view input) { kept_.append(input); }

  size_t size() const { return kept_.size() - begin_; }
  // How many bytes the message that has begun to come has, with its head; 0
  // while that is not known.
  size_t expected() const;
  void Clear();

 private:
  Got TakeFrom(std::string_view bytes, Message* message, absl::Status* error,
               size_t* used);
  absl::Status Decode(std::string_view bytes, bool compressed,
                      Message* message) const;

  std::string kept_;
  size_t begin_ = 0;  // what is before was taken
  size_t limit_ = 0;
  Coding coding_ = Coding::kIdentity;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_HTTP2_MESSAGES_INTERNAL_H_
