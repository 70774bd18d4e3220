// This process's ends of the pipes of a child. Private to loop.
//
// Both are handles: made by Make(), deleted when libuv has closed them. Owners
// hold a PipeRef, which knows whether that has happened.
#ifndef MILLRACE_LOOP_CHILD_PIPE_H_
#define MILLRACE_LOOP_CHILD_PIPE_H_

#include <memory>
#include <string>

#include "loop/promise.h"
#include "loop/stream.h"
#include "loop/uv_handle.h"

namespace millrace::loop_internal {

// Null inside once the handle is closing.
template <typename H>
using PipeRef = std::shared_ptr<H*>;

template <typename H>
struct ChildPipe : UvHandle {
  explicit ChildPipe(LoopImpl& loop) : UvHandle(loop) {
    uv_pipe_init(loop.uv(), &uv, 0);
    BindHandle(&uv, this);
  }
  ~ChildPipe() override { *self = nullptr; }

  static H* Make(LoopImpl& loop) {
    H* pipe = new H(loop);
    *pipe->self = pipe;
    return pipe;
  }

  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&uv); }
  void Close() {
    *self = nullptr;
    CloseHandle(&uv);
  }

  uv_pipe_t uv;
  const PipeRef<H> self = std::make_shared<H*>(nullptr);
};

// Reads what the child writes, as far ahead as the stream has room.
struct OutputPipe final : ChildPipe<OutputPipe> {
  using ChildPipe::ChildPipe;

  // Once, when the process runs.
  Stream<std::string> Start();

 private:
  void Read();
  void Got(ssize_t size, const char* bytes);

  StreamWriter<std::string> writer_;
};

// Writes what the child reads.
struct InputPipe final : ChildPipe<InputPipe> {
  using ChildPipe::ChildPipe;

  Promise<void> Write(std::string bytes);
  // Closes after what was written.
  void End();
  bool ending() const { return ending_; }

 private:
  struct Request;

  void Wrote();

  int pending_ = 0;
  bool ending_ = false;
};

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_CHILD_PIPE_H_
