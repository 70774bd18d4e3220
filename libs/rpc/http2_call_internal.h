// A call that nghttp2 carries: one stream of an Http2Connection. Private to
// rpc; loop thread only.
//
// The connection shares it until the stream is closed, the coroutine that
// serves it until the handler has ended. A handler that is still at work when
// the stream is gone finds its replies refused.
#ifndef MILLRACE_RPC_HTTP2_CALL_INTERNAL_H_
#define MILLRACE_RPC_HTTP2_CALL_INTERNAL_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "loop/abort.h"
#include "loop/timer.h"
#include "rpc/http2_fields_internal.h"
#include "rpc/http2_messages_internal.h"
#include "rpc/served_call_internal.h"

namespace millrace::rpc {

class Http2Connection;

class Http2Call final : public ServedCall,
                        public std::enable_shared_from_this<Http2Call> {
 public:
  Http2Call(Http2Connection* connection, int32_t stream);
  ~Http2Call() override;

  IncomingCall Incoming() override;
  Promise<std::optional<MessagePtr>> Read() override;
  Promise<void> Write(const Message& reply) override;
  void Finish(const absl::Status& status) override;
  void FinishWith(const Message& reply) override;

  // For the connection.
  // A field of the request; a call with too much in them is refused.
  void OnField(std::string_view name, std::string_view value);
  // All fields are there: the call begins.
  void OnHeaders();
  void OnData(std::string_view bytes);
  void OnEnd();  // the caller sends no more
  // The stream is closed, in order or not.
  void OnClosed(const absl::Status& why);
  // Tells the handler, and the caller if there is a way.
  void Cancel(const absl::Status& why);
  // Why the call has to end at `now` though nobody says so, else OK: what takes
  // the client too long.
  absl::Status Overdue(absl::Duration now) const;

  bool ended_by_caller() const { return input_ended_; }
  // Bytes that count against the stream's window.
  size_t unread() const { return unread_; }
  // How many of at most `limit` bytes can go out now, 0 when all is said:
  // `last` is set then, and the trailers are to follow. Nothing when there is
  // nothing yet.
  std::optional<size_t> NextOutput(size_t limit, bool* last) const;
  // Appends those bytes, which are out with that.
  void TakeOutput(size_t size, std::string* out);
  const Http2Fields& trailers() const { return *trailers_; }

 private:
  // What the protocol's own fields of the request said.
  struct Head {
    bool post = false;
    bool grpc = false;
    bool too_large = false;
    bool broken_metadata = false;
    std::string path;
    std::string timeout;
    std::string encoding;
    size_t bytes = 0;
  };

  bool alive() const { return connection_ != nullptr && death_.ok(); }
  absl::Status Death() const override;
  void StartDeadline();
  // Sends the headers unless they are sent; what stands in output_ follows.
  void BeginReply(const Metadata& headers);
  void SendStatus(const absl::Status& status);
  // Appends a reply to output_. RESOURCE_EXHAUSTED when there is no memory.
  absl::Status Append(const Message& reply);
  // Gives who waits what there is, `bytes` included.
  void Deliver(std::string_view bytes);
  // False when the first who waits has to wait on.
  bool Take(std::string_view bytes);
  // Bytes that the call holds, with the rest of the message that is being read.
  size_t Holds() const;
  // Tells the server of them.
  void Account();
  void ReturnWindow();
  // The handler finds the call dead from now on, and is told if it is at work.
  void Die(absl::Status why, bool abort);
  size_t pending() const { return output_.size() - sent_; }

  Http2Connection* connection_;  // null once the stream is closed
  const int32_t stream_;
  absl::Status death_;
  std::unique_ptr<Head> head_ = std::make_unique<Head>();  // until it begins
  Metadata fields_;                                        // of the caller
  size_t fixed_ = 0;  // bytes of the metadata and of the call itself
  absl::Time deadline_ = absl::InfiniteFuture();
  std::optional<Timer> timer_;
  bool input_ended_ = false;
  bool replied_ = false;    // the headers are on their way
  bool finishing_ = false;  // so is a status
  AbortController abort_;
  ReplyMetadata metadata_;

  MessageInput input_;
  size_t unread_ = 0;
  size_t accounted_ = 0;   // of what it holds
  MessagePtr next_;        // for the message that is being read
  bool complete_ = false;  // it is whole, and waits

  std::string output_;
  size_t sent_ = 0;  // of output_
  // The client has done something for the request, or taken of the replies.
  absl::Duration moved_;
  std::optional<Deferred<void>> writing_;
  std::optional<Http2Fields> trailers_;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_HTTP2_CALL_INTERNAL_H_
