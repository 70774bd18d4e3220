// One connection of an Http2Server: nghttp2 on a TcpConnection, plain or TLS.
// Private to rpc; loop thread only.
//
// What goes out is gathered while the loop's turn lasts and written in its
// check phase, so that the replies of a turn are one write. Memory: replies
// wait in their calls, 16 KiB and a message each, while the caller does not
// read; of requests that no handler has asked for, a stream's window each and
// kMaxUnread of all streams together.
#ifndef MILLRACE_RPC_HTTP2_CONNECTION_INTERNAL_H_
#define MILLRACE_RPC_HTTP2_CONNECTION_INTERNAL_H_

#include <nghttp2/nghttp2.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "loop/event_loop.h"
#include "loop/tcp.h"
#include "rpc/http2_call_internal.h"
#include "rpc/http2_fields_internal.h"
#include "rpc/listener.h"
#include "tls/connection.h"

namespace millrace::rpc {

// What the connections of a server hold for calls: bytes of requests and
// replies that are not taken yet, and room for messages that have begun to
// come.
class Http2Memory {
 public:
  // 0: no limit.
  Http2Memory(size_t limit, Gauge& gauge) : limit_(limit), gauge_(gauge) {}

  size_t used() const { return used_; }
  bool full() const { return limit_ > 0 && used_ >= limit_; }
  // Time to take it from those who only hold it.
  bool scarce() const { return limit_ > 0 && used_ >= limit_ / 2; }
  // Whether one who holds `before` bytes may hold `now`; less is always fine.
  bool Fits(size_t before, size_t now) const {
    return limit_ == 0 || now <= before || used_ - before + now <= limit_;
  }
  // What one holds goes from `before` to `now` bytes.
  void Change(size_t before, size_t now) { used_ += now - before; }
  // To the gauge, which the servers of all loops share.
  void Report() {
    gauge_.Add(static_cast<double>(used_) - static_cast<double>(reported_));
    reported_ = used_;
  }

 private:
  const size_t limit_;
  Gauge& gauge_;
  size_t used_ = 0;
  size_t reported_ = 0;
};

// What connections need of their server, which outlives them or calls Detach().
class Http2Host {
 public:
  virtual ~Http2Host() = default;
  virtual EventLoop& loop() = 0;
  virtual const ServerOptions& options() const = 0;
  // Lives until the last of its calls is over.
  virtual const std::shared_ptr<ServedCalls>& calls() = 0;
  virtual Http2Memory& memory() = 0;
  // The connection is over; called once, last.
  virtual void Closed(Http2Connection* connection) = 0;
};

class Http2Connection final
    : public std::enable_shared_from_this<Http2Connection> {
 public:
  // `secured` is the socket where it speaks TLS, else null.
  Http2Connection(Http2Host* host, std::shared_ptr<TcpConnection> socket,
                  std::shared_ptr<const tls::Connection> secured);
  ~Http2Connection();
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;

  void Start();
  // Tells the client to open no more calls, and closes behind the last one.
  void Drain();
  // Tells callers that their calls end, and closes now.
  void CancelCalls(const absl::Status& why);
  // Closes now, with what is open.
  void Cut(const absl::Status& why);
  // The same without a word to the host.
  void Detach();
  // Closes, or pings, when something has taken too long.
  void CheckTime();

  // For its calls.
  EventLoop& loop() { return loop_; }
  absl::Duration Now() const;
  ServedCalls& calls() { return *calls_; }
  Http2Memory& memory() { return memory_; }
  const ServerOptions& options() const { return options_; }
  const std::string& peer() const { return peer_; }
  std::string peer_subject() const;
  void SubmitReply(int32_t stream, const Http2Fields& headers);
  // Fields that are the whole of a reply.
  void SubmitLast(int32_t stream, const Http2Fields& fields);
  // The call has more to send.
  void Resume(int32_t stream);
  void Reset(int32_t stream, uint32_t error);
  // `bytes` of the call's requests need no room any more.
  void Consume(int32_t stream, size_t bytes);

 private:
  enum class Phase { kOpen, kEnding, kClosed };
  struct Callbacks;

  // Null when there is no memory.
  static nghttp2_session* NewSession(Http2Connection* connection);
  Http2Call* Find(int32_t stream) const;
  void OnInput(std::string_view bytes);
  void RefuseProtocol(std::string_view bytes);
  void OnFrame(const nghttp2_frame& frame);
  void OnFrameSent(const nghttp2_frame& frame);
  void OnPing();
  void OnStreamClosed(int32_t stream);
  void ReturnWindow();
  void SayGoodbye();
  void Flush();
  void FlushSoon();
  static Promise<void> FlushWhen(std::shared_ptr<Http2Connection> self,
                                 Promise<void> written);
  void OnSocketClosed();
  void CloseCalls(const absl::Status& why);
  void End();
  // Ends calls that are overdue, when it is time to look at them.
  void CheckCalls(absl::Duration now);
  // Whether the client has left unread for too long what it was sent.
  bool Stalled(absl::Duration now);

  Http2Host* host_;  // null after Detach()
  EventLoop& loop_;
  const ServerOptions& options_;  // the server's, which is not used after it
  const std::shared_ptr<ServedCalls> calls_;
  Http2Memory& memory_;  // the server's, too
  const std::shared_ptr<TcpConnection> socket_;
  const std::shared_ptr<const tls::Connection> secured_;
  const std::string peer_;
  nghttp2_session* session_ = nullptr;
  absl::flat_hash_map<int32_t, std::shared_ptr<Http2Call>> streams_;
  Phase phase_ = Phase::kOpen;
  bool greeted_ = false;  // the client has said that it speaks HTTP/2
  bool flushing_ = false;
  bool blocked_ = false;  // the socket takes no more at present
  bool draining_ = false;
  bool said_goodbye_ = false;
  bool doomed_ = false;  // ends behind what it has been told
  std::string out_;

  absl::Duration since_;  // of the present phase, or of the drain

  size_t unsent_ = 0;      // when the client was last seen to read
  absl::Duration read_;    // that was
  absl::Duration looked_;  // at the calls, last

  size_t unread_ = 0;  // by calls, of all streams
  size_t owed_ = 0;    // of the connection's window

  absl::Duration heard_;           // something of the client
  absl::Duration pinged_;          // by us, last
  bool ping_open_ = false;         // and not answered
  absl::Duration ping_of_client_;  // last
  int ping_strikes_ = 0;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_HTTP2_CONNECTION_INTERNAL_H_
