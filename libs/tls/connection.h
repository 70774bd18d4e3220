// TLS over a connection of the loop: a TcpConnection that speaks TLS on
// another, which it owns.
//
// It behaves as the one below it does (loop/tcp.h), with these differences:
// whoever uses it must hold it, dropping it closes it; the other side's end is
// its close_notify, and a connection that ends without is UNAVAILABLE to a
// client, since something may be missing, and an ordinary end to a server,
// whose clients often leave like that. What fails of TLS is UNAVAILABLE with
// the peer and the reason, and is told to OnClose().
//
// Memory: no more than one read of the connection below is kept for a user who
// has paused, and what a handshake may hold is bounded by OpenSSL. A peer that
// makes this side answer, by asking for new keys, and does not read, is cut.
//
// Loop thread only.
#ifndef MILLRACE_TLS_CONNECTION_H_
#define MILLRACE_TLS_CONNECTION_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "loop/tcp.h"
#include "tls/credentials.h"

namespace millrace::tls {

class Connection : public TcpConnection {
 public:
  // Whose certificate the peer has shown (tls/subject.h), which was verified.
  // Empty until the handshake has ended, and when there is none.
  virtual const std::string& peer_subject() const = 0;
};

struct AcceptOptions {
  // What the server speaks; clients that offer others only are refused.
  Protocol protocol = Protocol::kHttp11;
  // From the connection to the end of the handshake.
  absl::Duration handshake_timeout = absl::Seconds(10);
  // Called once, with how the handshake ended.
  std::function<void(const absl::Status&)> on_handshake;
  // What is said to a client that speaks HTTP where TLS is spoken.
  std::string plaintext_answer;
};

// As a server on `socket`, which was just accepted. What is written before the
// handshake has ended waits for it. `loop` outlives the connection.
std::shared_ptr<Connection> Accept(EventLoop& loop,
                                   std::shared_ptr<const Loaded> credentials,
                                   std::shared_ptr<TcpConnection> socket,
                                   AcceptOptions options);

struct ConnectOptions {
  // The name or the address that the server's certificate must be for.
  std::string host;
  absl::Duration handshake_timeout = absl::Seconds(10);
};

// As a client on `socket`, which was just connected. Resolves at the end of the
// handshake; a server may still refuse the certificate that it was shown, which
// ends the connection. UNAVAILABLE with the reason when it fails.
Promise<std::shared_ptr<Connection>> Connect(
    EventLoop& loop, std::shared_ptr<const Loaded> credentials,
    std::shared_ptr<TcpConnection> socket, ConnectOptions options);

}  // namespace millrace::tls

#endif  // MILLRACE_TLS_CONNECTION_H_
