#include "loop/tcp.h"

#include <sys/socket.h>

#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/dns.h"
#include "loop/tcp_connection.h"
#include "loop/uv_handle.h"

namespace millrace {
namespace {

using loop_internal::HandleOf;
using loop_internal::TcpConnectionImpl;

using ConnectionPtr = std::shared_ptr<TcpConnection>;

// Null, and `error` set, when there is no connection.
Promise<ConnectionPtr> Try(EventLoop& loop, const SocketAddress& address,
                           const AbortSignal& signal,
                           std::source_location where, int* error) {
  struct Request {
    uv_connect_t uv;
    Deferred<int> done;
  };
  auto connection = TcpConnectionImpl::Make(loop, where);
  auto* request = new Request;
  request->uv.data = request;
  Promise<int> done = request->done.promise();
  *error = uv_tcp_connect(
      &request->uv, connection->uv(), address.get(),
      [](uv_connect_t* uv, int status) {
        const std::unique_ptr<Request> ended(static_cast<Request*>(uv->data));
        auto& owner = HandleOf<loop_internal::UvHandle>(uv->handle)->loop;
        if (owner.closing()) return;
        owner.Dispatch([&] { ended->done.Resolve(status); });
      });
  if (*error == 0) {
    const AbortSubscription abort =
        signal.OnAbort([&connection] { connection->Close(); });
    *error = co_await std::move(done);
  } else {
    delete request;
  }
  if (*error == 0 && !connection->closed()) {
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
  auto connection = TcpConnectionImpl::Make(*handle->owner, handle->where);
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

int SetReusePort(ListenHandle* handle) {
  uv_os_fd_t fd;
  const int on = 1;
  const int error =
      uv_fileno(reinterpret_cast<const uv_handle_t*>(&handle->uv), &fd);
  if (error != 0) return error;
  return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0
             ? 0
             : uv_translate_sys_error(errno);
}

// SO_REUSEPORT set before bind() lets a socket in where another has it too,
// also one of another process of this user. So the first binds without it,
// which Linux refuses when anybody is there, and sets it then: the others look
// at what the socket has when they bind.
int Bind(ListenHandle* handle, const sockaddr* address, int backlog,
         PortUse use) {
  int error = use == PortUse::kShareNext ? SetReusePort(handle) : 0;
  if (error == 0) error = uv_tcp_bind(&handle->uv, address, 0);
  if (error == 0 && use == PortUse::kShareFirst) error = SetReusePort(handle);
  if (error != 0) return error;
  return uv_listen(reinterpret_cast<uv_stream_t*>(&handle->uv), backlog,
                   &Accept);
}

absl::Status NoPort(int port) {
  return absl::InvalidArgumentError(StrCat("port ", port, " is none"));
}

}  // namespace

Promise<ConnectionPtr> TcpConnection::Connect(EventLoop& loop, std::string host,
                                              int port, AbortSignal signal,
                                              std::source_location where) {
  loop.AssertThread();
  if (port < 0 || port > 65535) throw StatusError(NoPort(port));
  ResolveOptions options;
  options.signal = signal;
  std::vector<SocketAddress> addresses =
      co_await Resolve(loop, host, StrCat(port), options);
  co_return co_await Connect(loop, StrCat(host, ":", port),
                             std::move(addresses), signal, where);
}

Promise<ConnectionPtr> TcpConnection::Connect(
    EventLoop& loop, std::string name, std::vector<SocketAddress> addresses,
    AbortSignal signal, std::source_location where) {
  loop.AssertThread();
  std::string reasons;
  for (const SocketAddress& address : addresses) {
    signal.ThrowIfAborted();
    int error = 0;
    ConnectionPtr connection =
        co_await Try(loop, address, signal, where, &error);
    if (connection != nullptr) co_return connection;
    StrAppend(&reasons, reasons.empty() ? "" : "; ", address.ToString(), ": ",
              uv_strerror(error));
  }
  signal.ThrowIfAborted();
  throw StatusError(absl::UnavailableError(
      StrCat("cannot connect to ", name, ": ",
             reasons.empty() ? "it has no address" : reasons)));
}

absl::StatusOr<std::unique_ptr<TcpListener>> TcpListener::Listen(
    EventLoop& loop, const std::string& host, int port, int backlog,
    OnConnection on_connection, PortUse use, std::source_location where) {
  loop.AssertThread();
  if (port < 0 || port > 65535) return NoPort(port);
  const auto addresses = ResolveBlocking(host, StrCat(port));
  if (!addresses.ok()) {
    return absl::InvalidArgumentError(
        StrCat("cannot listen: ", MessageOf(addresses.status())));
  }
  const sockaddr* address = addresses->front().get();
  auto* handle = new ListenHandle(loop.impl(), where);
  int error = uv_tcp_init_ex(loop.impl().uv(), &handle->uv, address->sa_family);
  if (error != 0) {
    delete handle;
    return ListenError(addresses->front().ToString(), error);
  }
  loop_internal::BindHandle(&handle->uv, handle);
  handle->owner = &loop;
  handle->on_connection =
      std::make_shared<OnConnection>(std::move(on_connection));
  error = Bind(handle, address, backlog, use);
  sockaddr_storage bound;
  int size = sizeof(bound);
  if (error == 0) {
    error = uv_tcp_getsockname(&handle->uv, reinterpret_cast<sockaddr*>(&bound),
                               &size);
  }
  if (error != 0) {
    loop_internal::CloseHandle(&handle->uv);
    return ListenError(addresses->front().ToString(), error);
  }
  const SocketAddress real(reinterpret_cast<const sockaddr*>(&bound));
  return std::make_unique<ListenerImpl>(handle, real.port());
}

}  // namespace millrace
