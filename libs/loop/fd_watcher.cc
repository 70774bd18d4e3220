#include "loop/fd_watcher.h"

#include <utility>

#include "base/strings.h"
#include "loop/uv_handle.h"

namespace millrace {

using loop_internal::Fatal;

struct FdWatcher::Handle : loop_internal::UvHandle {
  using UvHandle::UvHandle;
  uv_poll_t uv;
  Task on_readable;
  bool stopped = false;
};

FdWatcher::FdWatcher(EventLoop& loop, int fd, Task on_readable,
                     std::source_location where)
    : handle_(new Handle(loop.impl(), where)) {
  loop.AssertThread();
  handle_->on_readable = std::move(on_readable);
  int error = uv_poll_init(loop.impl().uv(), &handle_->uv, fd);
  if (error == 0) {
    loop_internal::BindHandle(&handle_->uv, handle_);
    error =
        uv_poll_start(&handle_->uv, UV_READABLE, [](uv_poll_t* uv, int, int) {
          auto* handle = loop_internal::HandleOf<Handle>(uv);
          handle->loop.Dispatch([handle] {
            // The callback may destroy the watcher, but not itself with it.
            Task task = std::move(handle->on_readable);
            task();
            if (!handle->stopped) handle->on_readable = std::move(task);
          });
        });
  }
  if (error != 0) {
    Fatal(StrCat("cannot watch descriptor ", fd, ": ", uv_strerror(error)));
  }
}

FdWatcher::~FdWatcher() {
  handle_->stopped = true;
  handle_->on_readable = nullptr;
  loop_internal::CloseHandle(&handle_->uv);
}

void FdWatcher::Ref() { uv_ref(reinterpret_cast<uv_handle_t*>(&handle_->uv)); }

void FdWatcher::Unref() {
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle_->uv));
}

}  // namespace millrace
