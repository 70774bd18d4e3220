#include "rpc/test_proxy.h"

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"

namespace millrace::rpc {

TestProxy::TestProxy(EventLoop& loop, int port, size_t most)
    : loop_(loop), port_(port), most_(most) {
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
  const std::weak_ptr<void> open = open_;
  auto server =
      co_await AsStatusOr(TcpConnection::Connect(loop_, "127.0.0.1", port_));
  if (!server.ok() || open.expired()) {
    client->Close();
    co_return;
  }
  connections_.push_back(*server);
  PassOn(client, *server, most_);
  PassOn(*server, client, std::numeric_limits<size_t>::max());
}

void TestProxy::PassOn(const ConnectionPtr& from, const ConnectionPtr& to,
                       size_t most) {
  const std::weak_ptr<TcpConnection> other = to;
  // Shared, as the callback is copied before it is called.
  const auto left = std::make_shared<size_t>(most);
  from->OnData([this, other, left](std::string_view bytes) {
    const ConnectionPtr to = other.lock();
    if (silent_ || *left == 0 || to == nullptr || to->closed()) return;
    bytes = bytes.substr(0, *left);
    *left -= bytes.size();
    if (*left == 0) ++clients_held_;
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
