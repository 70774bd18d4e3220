// A proxy before a server of a test, which can fall silent. Loop thread only.
#ifndef MILLRACE_RPC_TEST_PROXY_H_
#define MILLRACE_RPC_TEST_PROXY_H_

#include <memory>
#include <string>
#include <vector>

#include "loop/event_loop.h"
#include "loop/tcp.h"

namespace millrace::rpc {

class TestProxy {
 public:
  // Listens on a free port and passes on to `port` of this machine.
  TestProxy(EventLoop& loop, int port);
  // Closes what is open.
  ~TestProxy();
  TestProxy(const TestProxy&) = delete;
  TestProxy& operator=(const TestProxy&) = delete;

  std::string address() const;
  // From now on nothing passes, and nobody is told: as when a cable is cut.
  void FallSilent();

 private:
  using ConnectionPtr = std::shared_ptr<TcpConnection>;

  Promise<void> Serve(ConnectionPtr client);
  void PassOn(const ConnectionPtr& from, const ConnectionPtr& to);

  EventLoop& loop_;
  const int port_;
  std::unique_ptr<TcpListener> listener_;
  std::vector<ConnectionPtr> connections_;
  bool silent_ = false;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_TEST_PROXY_H_
