// A proxy before a server of a test, which can fall silent, or slow. Loop
// thread only.
#ifndef MILLRACE_RPC_TEST_PROXY_H_
#define MILLRACE_RPC_TEST_PROXY_H_

#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "loop/event_loop.h"
#include "loop/tcp.h"

namespace millrace::rpc {

class TestProxy {
 public:
  // Listens on a free port and passes on to `port` of this machine, of each
  // client no more than `most` bytes: the rest never comes.
  TestProxy(EventLoop& loop, int port,
            size_t most = std::numeric_limits<size_t>::max());
  // Closes what is open.
  ~TestProxy();
  TestProxy(const TestProxy&) = delete;
  TestProxy& operator=(const TestProxy&) = delete;

  std::string address() const;
  // From now on nothing passes, and nobody is told: as when a cable is cut.
  void FallSilent();

  // Clients of which all came that is passed on.
  int clients_held() const { return clients_held_; }

 private:
  using ConnectionPtr = std::shared_ptr<TcpConnection>;

  Promise<void> Serve(ConnectionPtr client);
  void PassOn(const ConnectionPtr& from, const ConnectionPtr& to, size_t most);

  EventLoop& loop_;
  const int port_;
  const size_t most_;
  std::unique_ptr<TcpListener> listener_;
  std::vector<ConnectionPtr> connections_;
  const std::shared_ptr<void> open_ = std::make_shared<int>();  // until the end
  bool silent_ = false;
  int clients_held_ = 0;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_TEST_PROXY_H_
