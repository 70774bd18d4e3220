// What the owners of libuv handles share. Private to loop.
//
// The struct with the handle lives until libuv has closed it, longer than the
// object that owns it: it is deleted in the close callback, also when the loop
// ends first.
#ifndef MILLRACE_LOOP_UV_HANDLE_H_
#define MILLRACE_LOOP_UV_HANDLE_H_

#include <source_location>

#include "loop/loop_impl.h"

namespace millrace::loop_internal {

struct UvHandle {
  explicit UvHandle(LoopImpl& l,
                    std::source_location w = std::source_location::current())
      : loop(l), where(w), activity(ActivityRef::Current()) {
    loop.HandleOpened();
  }
  virtual ~UvHandle() { loop.HandleClosed(); }

  // In the close phase, before the handle is deleted.
  virtual void Closed() {}

  LoopImpl& loop;
  const std::source_location where;  // it was made there,
  const ActivityRef activity;        // under this
};

// `uv` is the libuv handle of `handle`, after its init call.
template <typename U>
void BindHandle(U* uv, UvHandle* handle) {
  uv->data = handle;
}

template <typename U>
void CloseHandle(U* uv) {
  auto* base = reinterpret_cast<uv_handle_t*>(uv);
  if (!uv_is_closing(base)) uv_close(base, &LoopImpl::OnHandleClosed);
}

template <typename H, typename U>
H* HandleOf(const U* uv) {
  return static_cast<H*>(static_cast<UvHandle*>(uv->data));
}

}  // namespace millrace::loop_internal

#endif  // MILLRACE_LOOP_UV_HANDLE_H_
