// Names become addresses. The one resolver of the platform: connections use it.
//
// The system's resolver blocks, for seconds when a server of its is away. It
// runs on libuv's own threads, of which libuv lends it at most half, and not on
// the loop's worker pool, so that slow names do not hold up files.
#ifndef MILLRACE_LOOP_DNS_H_
#define MILLRACE_LOOP_DNS_H_

#include <sys/socket.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "loop/abort.h"
#include "loop/event_loop.h"
#include "loop/promise.h"

namespace millrace {

// An IPv4 or IPv6 address with a port. A value; any thread.
class SocketAddress {
 public:
  // Copies what `address` points at.
  explicit SocketAddress(const sockaddr* address);

  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage_);
  }
  bool is_ipv6() const { return storage_.ss_family == AF_INET6; }
  std::string ip() const;
  int port() const;
  // "127.0.0.1:80", "[::1]:80"
  std::string ToString() const;

 private:
  sockaddr_storage storage_ = {};
};

struct ResolveOptions {
  AbortSignal signal;
  absl::Duration timeout = absl::InfiniteDuration();
};

// The addresses of `host`, a name or an address, in the order in which they
// are to be tried; never none. `service` is a port, or the name of one. An
// address with a port costs no thread.
//
// Loop-bound. Rejects with UNAVAILABLE when the name cannot be resolved,
// INVALID_ARGUMENT when the service is none, DEADLINE_EXCEEDED after `timeout`,
// and the signal's reason; the message names the host. A question that the
// system's resolver is at cannot be taken back: it keeps the loop running until
// it is answered, although nobody listens any more.
Promise<std::vector<SocketAddress>> Resolve(EventLoop& loop, std::string host,
                                            std::string service,
                                            ResolveOptions options = {});

// The same at once, for what happens before a loop runs. Any thread.
absl::StatusOr<std::vector<SocketAddress>> ResolveBlocking(
    const std::string& host, const std::string& service);

}  // namespace millrace

#endif  // MILLRACE_LOOP_DNS_H_
