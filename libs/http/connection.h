// One client's connection: requests in, answers out in the same order.
//
// Handlers of pipelined requests run side by side, up to max_pipelined; their
// answers wait for their turn. Reading stops while that many are open, or
// while more than max_pending_bytes wait for the client. A request that breaks
// the rules is answered with an error and ends the connection. When the client
// closes its side, the signals of its requests abort; handlers that answer all
// the same are still sent.
//
// Loop thread only. The host owns a connection until Closed(); the promises of
// handlers keep it alive longer.
#ifndef MILLRACE_HTTP_CONNECTION_H_
#define MILLRACE_HTTP_CONNECTION_H_

#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/logger.h"
#include "http/message.h"
#include "http/options.h"
#include "http/parser.h"
#include "http/response_writer.h"
#include "http/router.h"
#include "http/server_metrics.h"
#include "loop/tcp.h"
#include "tls/connection.h"

namespace millrace::http {

class Connection;

// What connections use of their server.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  virtual const ServerOptions& options() const = 0;
  virtual const Router& router() const = 0;
  // Null when no page of another origin may call.
  virtual const Cors* cors() const = 0;
  // The value of Strict-Transport-Security; empty when nothing is told.
  virtual const std::string& hsts() const = 0;
  virtual Logger& logger() = 0;
  virtual ServerMetrics& metrics() = 0;
  virtual bool draining() const = 0;
  virtual std::string_view date() = 0;     // of now, for the Date header
  virtual absl::Duration now() const = 0;  // the loop's, for time-outs
  // The connection is over; called once, last.
  virtual void Closed(Connection* connection) = 0;
};

class Connection final : public ResponseWriter::Owner,
                         public std::enable_shared_from_this<Connection> {
 public:
  // `host` must live until Closed() or Detach().
  // `secured` is the socket where it speaks TLS, else null.
  Connection(ConnectionHost* host, std::shared_ptr<TcpConnection> socket,
             std::shared_ptr<const tls::Connection> secured = nullptr);
  Connection(const Connection&) = delete;
  ~Connection() override;

  // Begins to read.
  void Start();
  // Answers 503, whatever comes, and closes.
  void RefuseAsTooMany();
  // Closes when idle, else after the requests that have begun.
  void Drain();
  // Closes now.
  void Cut(const absl::Status& reason);
  // Closes now and never calls the host again.
  void Detach();
  // Answers 408, or closes, when something has taken too long.
  void CheckTime();

 private:
  struct Exchange;
  // kLast: no further request is read. kLingering: all is answered, and what
  // the client still sends is dropped until it has read the answer.
  enum class Phase { kOpen, kLast, kLingering, kClosed };

  void OnData(std::string_view data);
  void OnEnd();
  void OnClosed();
  void OnProgress() override;
  void OnBroken(const absl::Status& reason) override;

  size_t Consume(std::string_view input);
  bool Full() const;
  void ReadOn();
  void MeetExpectation();
  void Dispatch();
  void Run(std::shared_ptr<Exchange> exchange, Request&& request);
  void Fail(int status, std::string_view message);
  static Promise<void> Await(std::shared_ptr<Connection> self,
                             std::shared_ptr<Exchange> exchange,
                             Promise<Response> answer);
  void Answer(Exchange& exchange, const Promise<Response>& answer);
  void Flush();
  void Send(Exchange& exchange, bool keep_alive);
  void CloseIfDone();
  void CheckRequestTime(absl::Duration now);
  void AbortExchanges(const absl::Status& reason);

  ConnectionHost* host_;  // null after Detach()
  const std::shared_ptr<TcpConnection> socket_;
  const std::shared_ptr<const tls::Connection> secured_;
  const std::string peer_;
  const std::shared_ptr<ResponseWriter> writer_;
  RequestParser parser_;
  Phase phase_ = Phase::kOpen;
  std::string input_;  // what the parser has not taken
  std::deque<std::shared_ptr<Exchange>> exchanges_;
  bool paused_ = false;
  bool peer_ended_ = false;
  bool expectation_met_ = false;  // of the request being read
  bool sending_stream_ = false;   // the first exchange's body
  bool unread_ = false;           // the client may be sending for nobody
  absl::Duration since_;          // of the present wait for the client
  absl::Duration progress_at_;
  size_t last_pending_ = 0;
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_CONNECTION_H_
