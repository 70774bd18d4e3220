// The sending half of a connection: responses become bytes, small ones of one
// turn become one write, streamed bodies are sent as fast as the client reads.
//
// Loop thread only. Shared: its coroutines keep it alive past Stop(), after
// which it touches neither the socket nor its owner.
#ifndef MILLRACE_HTTP_RESPONSE_WRITER_H_
#define MILLRACE_HTTP_RESPONSE_WRITER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "loop/tcp.h"

namespace millrace::http {

// What the request says about the form of its response.
struct ResponseForm {
  bool head_only = false;
  bool http10 = false;
  bool keep_alive = true;
};

class ResponseWriter final
    : public std::enable_shared_from_this<ResponseWriter> {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // A streamed body has ended, or the socket took bytes.
    virtual void OnProgress() = 0;
    // The rest cannot be sent: the connection is broken, or a body's stream
    // failed after its head was sent.
    virtual void OnBroken(const absl::Status& reason) = 0;
  };

  ResponseWriter(Owner* owner, std::shared_ptr<TcpConnection> socket);
  ResponseWriter(const ResponseWriter&) = delete;

  // Sends bytes as they are.
  void Append(std::string_view bytes);

  // Not while streaming(). INTERNAL, with nothing sent, when the response
  // cannot be written down.
  absl::Status Send(Response response, const ResponseForm& form,
                    std::string_view date);

  // The body of the last response is still being sent.
  bool streaming() const { return streaming_; }
  // Everything was handed to the system.
  bool idle() const { return output_.empty() && writes_ == 0 && !streaming_; }
  // Bytes that wait for the client.
  size_t pending() const { return output_.size() + socket_->pending_bytes(); }

  // Cancels a body's stream; the owner hears nothing more.
  void Stop();

 private:
  void SendBody(Stream<std::string> body, bool chunked,
                std::optional<uint64_t> length);
  static Promise<void> Pump(std::shared_ptr<ResponseWriter> self, bool chunked,
                            std::optional<uint64_t> length);
  static Promise<void> SendPieces(std::shared_ptr<ResponseWriter> self,
                                  std::string body);
  void BodySent(const absl::Status& broken);
  void Schedule();
  void WriteOut();
  static Promise<void> AwaitWritten(std::shared_ptr<ResponseWriter> self,
                                    Promise<void> written);

  Owner* owner_;  // null after Stop()
  const std::shared_ptr<TcpConnection> socket_;
  std::string output_;
  Stream<std::string> body_;
  size_t writes_ = 0;  // not yet taken by the system
  bool scheduled_ = false;
  bool streaming_ = false;
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_RESPONSE_WRITER_H_
