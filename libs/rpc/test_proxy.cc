#include "rpc/test_proxy.h"

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"

namespace millrace::rpc {

TestProxy::TestProxy(EventLoop& loop, int port) : loop_(loop), port_(port) {
  listener_ = ValueOrThrow(TcpListener::Listen(
      loop, "127.0.0.1", 0, 16,
      [this](ConnectionPtr client) { Serve(std::move(client)).Detach(); }));
}

TestProxy::~TestProxy() {
  listener_.reset();
  for (const ConnectionPtr& connection : connections_) {
    connection->OnData({});
    connection->OnEnd({});
    connection->OnClose({});
    connection->Close();
  }
}

std::string TestProxy::address() const {
  return StrCat("127.0.0.1:", listener_->port());
}

void TestProxy::FallSilent() {
  silent_ = true;
  for (const ConnectionPtr& connection : connections_) connection->Pause();
}

// Never rejects: a server that is away ends the client.
Promise<void> TestProxy::Serve(ConnectionPtr client) {
  connections_.push_back(client);
  auto server =
      co_await AsStatusOr(TcpConnection::Connect(loop_, "127.0.0.1", port_));
  if (!server.ok()) {
    client->Close();
    co_return;
  }
  connections_.push_back(*server);
  PassOn(client, *server);
  PassOn(*server, client);
}

void TestProxy::PassOn(const ConnectionPtr& from, const ConnectionPtr& to) {
  const std::weak_ptr<TcpConnection> other = to;
  from->OnData([this, other](std::string_view bytes) {
    const ConnectionPtr to = other.lock();
    if (silent_ || to == nullptr || to->closed()) return;
    // OnClose() of the other side tells when it fails.
    static_cast<void>(AsStatusOr(to->Write(std::string(bytes))));
  });
  from->OnClose([this, other](const absl::Status&) {
    const ConnectionPtr to = other.lock();
    if (!silent_ && to != nullptr) to->Close();
  });
  if (silent_) from->Pause();
}

}  // namespace millrace::rpc
