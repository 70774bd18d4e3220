#include "loop/tcp.h"

#include <netdb.h>
#include <sys/socket.h>

#include <cstring>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/tcp_connection.h"
#include "loop/uv_handle.h"
#include "loop/worker_pool.h"

namespace millrace {
namespace {

using loop_internal::AddressText;
using loop_internal::ConnectionError;
using loop_internal::HandleOf;
using loop_internal::TcpConnectionImpl;

// Blocks when `host` is a name.
absl::StatusOr<std::vector<sockaddr_storage>> Resolve(const std::string& host,
                                                      int port) {
  if (port < 0 || port > 65535) {
    return absl::InvalidArgumentError(StrCat("port ", port, " is none"));
  }
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(host.c_str(), StrCat(port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(
        StrCat("cannot resolve the host '", host, "': ", gai_strerror(error)));
  }
  std::vector<sockaddr_storage> addresses;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    addresses.emplace_back();
    std::memcpy(&addresses.back(), info->ai_addr, info->ai_addrlen);
  }
  freeaddrinfo(found);
  return addresses;
}

// Null, and `error` set, when there is no connection.
Promise<std::shared_ptr<TcpConnectionImpl>> Try(EventLoop& loop,
                                                sockaddr_storage address,
                                                int* error) {
  struct Request {
    uv_connect_t uv;
    Deferred<int> done;
  };
  auto connection = TcpConnectionImpl::Make(loop);
  auto* request = new Request;
  request->uv.data = request;
  Promise<int> done = request->done.promise();
  *error = uv_tcp_connect(
      &request->uv, connection->uv(),
      reinterpret_cast<const sockaddr*>(&address),
      [](uv_connect_t* uv, int status) {
        const std::unique_ptr<Request> ended(static_cast<Request*>(uv->data));
        EventLoop* current = EventLoop::Current();
        if (current == nullptr) return;
        current->Dispatch([&] { ended->done.Resolve(status); });
      });
  if (*error == 0) {
    *error = co_await std::move(done);
  } else {
    delete request;
  }
  if (*error == 0) {
    connection->Connected();
    co_return connection;
  }
  connection->Close();
  co_return nullptr;
}

struct ListenHandle final : loop_internal::UvHandle {
  using UvHandle::UvHandle;
  uv_tcp_t uv;
  EventLoop* owner = nullptr;
  std::shared_ptr<TcpListener::OnConnection> on_connection;
};

class ListenerImpl final : public TcpListener {
 public:
  ListenerImpl(ListenHandle* handle, int port) : handle_(handle), port_(port) {}
  ~ListenerImpl() override { Close(); }

  int port() const override { return port_; }
  void Close() override {
    if (handle_ == nullptr) return;
    handle_->on_connection.reset();
    loop_internal::CloseHandle(&std::exchange(handle_, nullptr)->uv);
  }

 private:
  ListenHandle* handle_;
  const int port_;
};

void Accept(uv_stream_t* server, int error) {
  auto* handle = HandleOf<ListenHandle>(server);
  if (error != 0 || handle->on_connection == nullptr) return;
  auto connection = TcpConnectionImpl::Make(*handle->owner);
  if (uv_accept(server, reinterpret_cast<uv_stream_t*>(connection->uv())) !=
      0) {
    return connection->Close();
  }
  connection->Connected();
  // The callback may close the listener.
  const auto callback = handle->on_connection;
  handle->loop.Dispatch([&] { (*callback)(std::move(connection)); });
}

absl::Status ListenError(std::string_view address, int error) {
  const std::string text =
      StrCat("cannot listen on ", address, ": ", uv_strerror(error));
  switch (error) {
    case UV_EADDRINUSE:
      return absl::AlreadyExistsError(
          StrCat(text, "; stop what uses it or choose another port"));
    case UV_EACCES:
      return absl::PermissionDeniedError(text);
    case UV_EADDRNOTAVAIL:
      return absl::InvalidArgumentError(text);
    default:
      return absl::UnavailableError(text);
  }
}

int Bind(ListenHandle* handle, const sockaddr* address, int backlog,
         bool share_port) {
  if (share_port) {
    uv_os_fd_t fd;
    const int on = 1;
    const int error =
        uv_fileno(reinterpret_cast<const uv_handle_t*>(&handle->uv), &fd);
    if (error != 0) return error;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) {
      return uv_translate_sys_error(errno);
    }
  }
  const int error = uv_tcp_bind(&handle->uv, address, 0);
  if (error != 0) return error;
  return uv_listen(reinterpret_cast<uv_stream_t*>(&handle->uv), backlog,
                   &Accept);
}

}  // namespace

Promise<std::shared_ptr<TcpConnection>> TcpConnection::Connect(EventLoop& loop,
                                                               std::string host,
                                                               int port) {
  loop.AssertThread();
  const std::string name = StrCat(host, ":", port);
  const auto addresses = co_await loop.workers().Run(
      [&host, &port] { return Resolve(host, port); });
  ThrowIfError(addresses.status());
  int error = UV_ECONNREFUSED;
  for (const sockaddr_storage& address : *addresses) {
    auto connection = co_await Try(loop, address, &error);
    if (connection != nullptr) co_return connection;
  }
  throw StatusError(ConnectionError(name, error));
}

absl::StatusOr<std::unique_ptr<TcpListener>> TcpListener::Listen(
    EventLoop& loop, const std::string& host, int port, int backlog,
    OnConnection on_connection, bool share_port) {
  loop.AssertThread();
  const auto addresses = Resolve(host, port);
  if (!addresses.ok()) {
    return absl::InvalidArgumentError(
        StrCat("cannot listen: ", MessageOf(addresses.status())));
  }
  const auto* address = reinterpret_cast<const sockaddr*>(&addresses->front());
  auto* handle = new ListenHandle(loop.impl());
  int error = uv_tcp_init_ex(loop.impl().uv(), &handle->uv, address->sa_family);
  if (error != 0) {
    delete handle;
    return ListenError(AddressText(address), error);
  }
  loop_internal::BindHandle(&handle->uv, handle);
  handle->owner = &loop;
  handle->on_connection =
      std::make_shared<OnConnection>(std::move(on_connection));
  error = Bind(handle, address, backlog, share_port);
  sockaddr_storage bound;
  int size = sizeof(bound);
  if (error == 0) {
    error = uv_tcp_getsockname(&handle->uv, reinterpret_cast<sockaddr*>(&bound),
                               &size);
  }
  if (error != 0) {
    loop_internal::CloseHandle(&handle->uv);
    return ListenError(AddressText(address), error);
  }
  const int real_port =
      ntohs(bound.ss_family == AF_INET6
                ? reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port
                : reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
  return std::make_unique<ListenerImpl>(handle, real_port);
}

}  // namespace millrace
