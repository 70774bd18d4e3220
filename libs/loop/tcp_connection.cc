#include "loop/tcp_connection.h"

#include <utility>

#include "base/strings.h"
#include "loop/dns.h"

namespace millrace::loop_internal {

absl::Status ConnectionError(std::string_view peer, int uv_error) {
  return absl::UnavailableError(
      StrCat("connection with ", peer, ": ", uv_strerror(uv_error)));
}

TcpConnectionImpl::Handle::~Handle() {
  if (connection != nullptr) connection->handle_ = nullptr;
}

void TcpConnectionImpl::Handle::Closed() {
  const auto closed = std::move(connection);
  closed->handle_ = nullptr;
  closed->FinishClose();
}

std::shared_ptr<TcpConnectionImpl> TcpConnectionImpl::Make(
    EventLoop& loop, std::source_location where) {
  auto connection = std::make_shared<TcpConnectionImpl>();
  auto* handle = new Handle(loop.impl(), where);
  uv_tcp_init(loop.impl().uv(), &handle->uv);
  BindHandle(&handle->uv, handle);
  handle->connection = connection;
  connection->handle_ = handle;
  return connection;
}

void TcpConnectionImpl::Connected() {
  sockaddr_storage address;
  int size = sizeof(address);
  if (uv_tcp_getpeername(&handle_->uv, reinterpret_cast<sockaddr*>(&address),
                         &size) == 0) {
    peer_ = SocketAddress(reinterpret_cast<sockaddr*>(&address)).ToString();
  }
  uv_tcp_nodelay(&handle_->uv, 1);
  connected_ = true;
  UpdateReading();
}

void TcpConnectionImpl::OnData(std::function<void(std::string_view)> callback) {
  on_data_ = std::move(callback);
  UpdateReading();
}

void TcpConnectionImpl::OnEnd(std::function<void()> callback) {
  on_end_ = std::move(callback);
}

void TcpConnectionImpl::OnClose(
    std::function<void(const absl::Status&)> callback) {
  on_close_ = std::move(callback);
}

void TcpConnectionImpl::Pause() {
  paused_ = true;
  UpdateReading();
}

void TcpConnectionImpl::Resume() {
  paused_ = false;
  UpdateReading();
}

void TcpConnectionImpl::UpdateReading() {
  const bool wanted = connected_ && !closing_ && !paused_ && !read_ended_ &&
                      on_data_ != nullptr;
  if (wanted == reading_ || handle_ == nullptr) return;
  reading_ = wanted;
  auto* stream = reinterpret_cast<uv_stream_t*>(&handle_->uv);
  if (!wanted) {
    uv_read_stop(stream);
    return;
  }
  const int error = uv_read_start(
      stream,
      [](uv_handle_t* uv, size_t, uv_buf_t* buffer) {
        *buffer = HandleOf<Handle>(uv)->loop.read_buffer();
      },
      &TcpConnectionImpl::OnRead);
  if (error != 0) Fail(error);
}

void TcpConnectionImpl::OnRead(uv_stream_t* uv, ssize_t size,
                               const uv_buf_t* buffer) {
  if (size == 0) return;
  auto* handle = HandleOf<Handle>(uv);
  const auto self = handle->connection;
  if (size < 0 && size != UV_EOF) return self->Fail(static_cast<int>(size));
  handle->loop.Dispatch([&] {
    if (size == UV_EOF) return self->ReadEnded();
    // A copy: the callback may be replaced while it runs.
    const auto callback = self->on_data_;
    callback(std::string_view(buffer->base, static_cast<size_t>(size)));
  });
}

void TcpConnectionImpl::ReadEnded() {
  read_ended_ = true;
  UpdateReading();
  if (on_end_ != nullptr) {
    const auto callback = on_end_;
    callback();
  } else {
    End();
  }
  if (ended_) Close();
}

size_t TcpConnectionImpl::TryWrite(std::string_view bytes) {
  if (closing_ || ending_ || writing_ || !connected_) return 0;
  const uv_buf_t buffer =
      uv_buf_init(const_cast<char*>(bytes.data()), bytes.size());
  const int sent =
      uv_try_write(reinterpret_cast<uv_stream_t*>(&handle_->uv), &buffer, 1);
  if (sent >= 0) return static_cast<size_t>(sent);
  if (sent != UV_EAGAIN) Fail(sent);
  return 0;
}

Promise<void> TcpConnectionImpl::Write(std::string bytes) {
  const bool first = !writing_ && connected_;
  const size_t sent = TryWrite(bytes);
  if (closing_ || ending_) {
    return Promise<void>::Reject(
        status_.ok() ? absl::UnavailableError(
                           StrCat("connection with ", peer_, " is closed"))
                     : status_);
  }
  if (first && sent == bytes.size()) return Promise<void>::Resolve();
  bytes.erase(0, sent);
  if (queued_.bytes.empty()) {
    queued_.bytes = std::move(bytes);
  } else {
    queued_.bytes += bytes;
  }
  queued_.waiters.emplace_back();
  Promise<void> written = queued_.waiters.back().promise();
  if (!writing_) StartWrite();
  return written;
}

size_t TcpConnectionImpl::pending_bytes() const {
  // Of a write that is under way libuv knows what has gone out.
  const size_t sending =
      sending_.bytes.empty()
          ? 0
          : uv_stream_get_write_queue_size(
                reinterpret_cast<const uv_stream_t*>(&handle_->uv));
  return sending + queued_.bytes.size();
}

void TcpConnectionImpl::StartWrite() {
  if (!connected_ || queued_.waiters.empty()) return;
  writing_ = true;
  sending_ = std::exchange(queued_, {});
  const uv_buf_t buffer =
      uv_buf_init(sending_.bytes.data(), sending_.bytes.size());
  const int error =
      uv_write(&handle_->write, reinterpret_cast<uv_stream_t*>(&handle_->uv),
               &buffer, 1, [](uv_write_t* request, int status) {
                 auto* handle = HandleOf<Handle>(request->handle);
                 if (handle->connection == nullptr) return;
                 if (handle->loop.closing()) return;
                 const auto self = handle->connection;
                 handle->loop.Dispatch([&] { self->WriteEnded(status); });
               });
  if (error != 0) Fail(error);
}

void TcpConnectionImpl::WriteEnded(int error) {
  writing_ = false;
  const Batch sent = std::exchange(sending_, {});
  if (error != 0) {
    if (!closing_) Fail(error);
    const absl::Status status =
        status_.ok() ? ConnectionError(peer_, error) : status_;
    for (const auto& waiter : sent.waiters) waiter.Reject(status);
    return;
  }
  for (const auto& waiter : sent.waiters) waiter.Resolve();
  if (!queued_.waiters.empty()) {
    StartWrite();
  } else if (ending_) {
    ShutDown();
  }
}

void TcpConnectionImpl::End() {
  if (ending_ || closing_) return;
  ending_ = true;
  if (connected_ && !writing_) ShutDown();
}

void TcpConnectionImpl::ShutDown() {
  if (closing_) return;
  const int error = uv_shutdown(
      &handle_->shutdown, reinterpret_cast<uv_stream_t*>(&handle_->uv),
      [](uv_shutdown_t* request, int) {
        auto* handle = HandleOf<Handle>(request->handle);
        if (handle->connection == nullptr || handle->loop.closing()) return;
        const auto self = handle->connection;
        self->ended_ = true;
        if (self->read_ended_) self->Close();
      });
  if (error != 0) Fail(error);
}

void TcpConnectionImpl::Fail(int uv_error) {
  if (closing_) return;
  status_ = ConnectionError(peer_, uv_error);
  Close();
}

void TcpConnectionImpl::Close() {
  if (closing_ || handle_ == nullptr) return;
  closing_ = true;
  UpdateReading();
  CloseHandle(&handle_->uv);
}

void TcpConnectionImpl::FinishClose() {
  const absl::Status why = status_.ok()
                               ? absl::UnavailableError(StrCat(
                                     "connection with ", peer_, " was closed"))
                               : status_;
  for (Batch* batch : {&sending_, &queued_}) {
    const Batch lost = std::exchange(*batch, {});
    for (const auto& waiter : lost.waiters) waiter.Reject(why);
  }
  on_data_ = nullptr;
  on_end_ = nullptr;
  const auto callback = std::exchange(on_close_, nullptr);
  if (callback != nullptr) callback(status_);
}

}  // namespace millrace::loop_internal
