// The connection behind TcpConnection. Private to loop.
#ifndef MILLRACE_LOOP_TCP_CONNECTION_H_
#define MILLRACE_LOOP_TCP_CONNECTION_H_

#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "loop/tcp.h"
#include "loop/uv_handle.h"

namespace millrace::loop_internal {

absl::Status ConnectionError(std::string_view peer, int uv_error);

class TcpConnectionImpl final
    : public TcpConnection,
      public std::enable_shared_from_this<TcpConnectionImpl> {
 public:
  struct Handle final : UvHandle {
    using UvHandle::UvHandle;
    ~Handle() override;
    void Closed() override;

    uv_tcp_t uv;
    uv_write_t write;
    uv_shutdown_t shutdown;
    // While the handle is open, it keeps the connection.
    std::shared_ptr<TcpConnectionImpl> connection;
  };

  // A socket that is neither bound nor connected.
  static std::shared_ptr<TcpConnectionImpl> Make(EventLoop& loop,
                                                 std::source_location where);

  // Called once the socket is connected.
  void Connected();
  uv_tcp_t* uv() { return &handle_->uv; }

  void OnData(std::function<void(std::string_view)> callback) override;
  void OnEnd(std::function<void()> callback) override;
  void OnClose(std::function<void(const absl::Status&)> callback) override;
  Promise<void> Write(std::string bytes) override;
  size_t TryWrite(std::string_view bytes) override;
  size_t pending_bytes() const override;
  void Pause() override;
  void Resume() override;
  void End() override;
  void Close() override;
  bool closed() const override { return closing_; }
  const std::string& peer() const override { return peer_; }

  void Fail(int uv_error);

 private:
  // What one uv_write() carries, and who waits for it.
  struct Batch {
    std::string bytes;
    std::vector<Deferred<void>> waiters;
  };

  void UpdateReading();
  static void OnRead(uv_stream_t* uv, ssize_t size, const uv_buf_t* buffer);
  void ReadEnded();
  void StartWrite();
  void WriteEnded(int error);
  void ShutDown();
  void FinishClose();

  Handle* handle_ = nullptr;  // null once closed
  std::string peer_;
  std::function<void(std::string_view)> on_data_;
  std::function<void()> on_end_;
  std::function<void(const absl::Status&)> on_close_;
  Batch sending_;
  Batch queued_;
  absl::Status status_;
  bool connected_ = false;
  bool paused_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool read_ended_ = false;
  bool ending_ = false;
  bool ended_ = false;
  bool closing_ = false;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_TCP_CONNECTION_H_
