#include "loop/child_pipe.h"

#include <utility>

#include "base/strings.h"

namespace millrace::loop_internal {
namespace {

// Reads that may wait in the stream, each of at most 64 KiB.
constexpr size_t kReadAhead = 4;

absl::Status PipeError(std::string_view what, int error) {
  return absl::UnavailableError(
      StrCat("cannot ", what, " the process: ", uv_strerror(error)));
}

}  // namespace

Stream<std::string> OutputPipe::Start() {
  auto pipe = MakePipe<std::string>(kReadAhead);
  writer_ = pipe.writer;
  writer_.cancelled()
      .OnAbort([self = self] {
        if (*self != nullptr) (*self)->Close();
      })
      .Keep();
  Read();
  return std::move(pipe.stream);
}

void OutputPipe::Read() {
  const int error = uv_read_start(
      stream(),
      [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
        *buffer = HandleOf<OutputPipe>(handle)->loop.read_buffer();
      },
      [](uv_stream_t* handle, ssize_t size, const uv_buf_t* buffer) {
        if (size == 0) return;
        auto* pipe = HandleOf<OutputPipe>(handle);
        pipe->loop.Dispatch([&] { pipe->Got(size, buffer->base); });
      });
  if (error == 0) return;
  writer_.Fail(PipeError("read from", error));
  Close();
}

void OutputPipe::Got(ssize_t size, const char* bytes) {
  if (size == UV_EOF) {
    writer_.Close();
    return Close();
  }
  if (size < 0) {
    writer_.Fail(PipeError("read from", static_cast<int>(size)));
    return Close();
  }
  Promise<void> room =
      writer_.Write(std::string(bytes, static_cast<size_t>(size)));
  if (!room.settled()) uv_read_stop(stream());
  if (room.settled() && !room.rejected()) return;
  OnSettled(std::move(room), [self = self](Promise<void> settled) {
    if (settled.rejected()) {
      static_cast<void>(settled.error());
    } else if (*self != nullptr) {
      (*self)->Read();
    }
  });
}

struct InputPipe::Request {
  uv_write_t uv;
  std::string bytes;
  Deferred<void> done;
};

Promise<void> InputPipe::Write(std::string bytes) {
  auto* request = new Request{.bytes = std::move(bytes)};
  request->uv.data = request;
  Promise<void> done = request->done.promise();
  const uv_buf_t buffer =
      uv_buf_init(request->bytes.data(), request->bytes.size());
  ++pending_;
  const int error = uv_write(
      &request->uv, stream(), &buffer, 1, [](uv_write_t* uv, int status) {
        const std::unique_ptr<Request> ended(static_cast<Request*>(uv->data));
        auto* pipe = HandleOf<InputPipe>(uv->handle);
        if (pipe->loop.closing()) return;
        pipe->loop.Dispatch([&] {
          if (status == 0) {
            ended->done.Resolve();
          } else {
            ended->done.Reject(PipeError("write to", status));
          }
          pipe->Wrote();
        });
      });
  if (error != 0) {
    request->done.Reject(PipeError("write to", error));
    delete request;
    Wrote();
  }
  return done;
}

void InputPipe::Wrote() {
  if (--pending_ == 0 && ending_) Close();
}

void InputPipe::End() {
  ending_ = true;
  if (pending_ == 0) Close();
}

}  // namespace millrace::loop_internal
