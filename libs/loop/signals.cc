#include "loop/signals.h"

#include <utility>

#include "base/strings.h"
#include "loop/uv_handle.h"

namespace millrace {

using loop_internal::Fatal;

struct SignalWatcher::Handle : loop_internal::UvHandle {
  using UvHandle::UvHandle;
  uv_signal_t uv;
  Task on_signal;
  bool stopped = false;
};

SignalWatcher::SignalWatcher(EventLoop& loop, int signum, Task on_signal,
                             std::source_location where)
    : handle_(new Handle(loop.impl(), where)) {
  loop.AssertThread();
  handle_->on_signal = std::move(on_signal);
  uv_signal_init(loop.impl().uv(), &handle_->uv);
  loop_internal::BindHandle(&handle_->uv, handle_);
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle_->uv));
  const int error = uv_signal_start(
      &handle_->uv,
      [](uv_signal_t* uv, int) {
        auto* handle = loop_internal::HandleOf<Handle>(uv);
        handle->loop.Dispatch([handle] {
          Task task = std::move(handle->on_signal);
          task();
          if (!handle->stopped) handle->on_signal = std::move(task);
        });
      },
      signum);
  if (error != 0) {
    Fatal(StrCat("cannot watch signal ", signum, ": ", uv_strerror(error)));
  }
}

SignalWatcher::~SignalWatcher() {
  handle_->stopped = true;
  handle_->on_signal = nullptr;
  loop_internal::CloseHandle(&handle_->uv);
}

}  // namespace millrace
