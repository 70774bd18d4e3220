// TCP on the loop: a listener, and connections that it accepts or that
// Connect() opens. All loop-bound; callbacks run in the poll phase.
//
// A connection is shared: the loop holds it while it is open, so that dropping
// it does not close it. Callbacks may be set at any time before data is
// wanted; bytes that arrive earlier wait in the kernel until OnData() is set.
// After Close(), or an error of the network, OnClose() runs once, in the close
// phase, and the callbacks are dropped, with what they own.
#ifndef MILLRACE_LOOP_TCP_H_
#define MILLRACE_LOOP_TCP_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loop/abort.h"
#include "loop/dns.h"
#include "loop/event_loop.h"
#include "loop/promise.h"

namespace millrace {

class TcpConnection {
 public:
  virtual ~TcpConnection() = default;

  // `host` is a name or an address. A name's addresses are tried one after
  // another; UNAVAILABLE, with the host and why each failed, when none answers.
  // The signal's reason when it aborts before there is a connection.
  static Promise<std::shared_ptr<TcpConnection>> Connect(
      EventLoop& loop, std::string host, int port, AbortSignal signal = {},
      std::source_location where = std::source_location::current());
  // The same with addresses that are known; `name` is for the error.
  static Promise<std::shared_ptr<TcpConnection>> Connect(
      EventLoop& loop, std::string name, std::vector<SocketAddress> addresses,
      AbortSignal signal = {},
      std::source_location where = std::source_location::current());

  // The view is valid during the call.
  virtual void OnData(std::function<void(std::string_view)> callback) = 0;
  // The peer will send no more; the connection can still be written to.
  virtual void OnEnd(std::function<void()> callback) = 0;
  // Closed by either side. OK after Close(), UNAVAILABLE after an error.
  virtual void OnClose(std::function<void(const absl::Status&)> callback) = 0;

  // Bytes go out in the order of the calls. Resolves when the kernel has taken
  // them, at once when it can; rejects with UNAVAILABLE when the connection
  // fails or is closed before.
  virtual Promise<void> Write(std::string bytes) = 0;
  // How many of the bytes the kernel has taken at once; the rest is for
  // Write(). None while others wait before them, and none of what has to be
  // written otherwise first, as by TLS.
  virtual size_t TryWrite(std::string_view) { return 0; }
  // Written and not yet taken by the kernel.
  virtual size_t pending_bytes() const = 0;

  // Stops reading, so that the peer is held back; and goes on.
  virtual void Pause() = 0;
  virtual void Resume() = 0;

  // Sends what was written, then says that no more will come.
  virtual void End() = 0;
  // At once; what is still pending is lost.
  virtual void Close() = 0;
  virtual bool closed() const = 0;

  // "127.0.0.1:4711"
  virtual const std::string& peer() const = 0;
};

// Whose a port is that a listener takes. What several loops of one process
// share is still refused to anybody else: the first of them takes it alone and
// then lets the others in, which only listeners with kShareNext ask for.
enum class PortUse {
  kAlone,
  kShareFirst,  // fails when anybody listens there; then opens the port
  kShareNext,   // joins those that share it; the kernel spreads connections
};

class TcpListener {
 public:
  using OnConnection = std::function<void(std::shared_ptr<TcpConnection>)>;

  // Port 0 takes a free one. Fails with ALREADY_EXISTS when the address is in
  // use, PERMISSION_DENIED when it is not allowed, INVALID_ARGUMENT when it is
  // none; the message names it.
  static absl::StatusOr<std::unique_ptr<TcpListener>> Listen(
      EventLoop& loop, const std::string& host, int port, int backlog,
      OnConnection on_connection, PortUse use = PortUse::kAlone,
      std::source_location where = std::source_location::current());

  virtual ~TcpListener() = default;

  virtual int port() const = 0;
  // No more connections; those that exist stay. The destructor does the same.
  virtual void Close() = 0;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_TCP_H_
