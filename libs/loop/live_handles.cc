#include "loop/live_handles.h"

#include <sys/socket.h>

#include <source_location>
#include <string_view>

#include "base/strings.h"
#include "loop/dns.h"
#include "loop/loop_impl.h"
#include "loop/tcp_connection.h"
#include "loop/uv_handle.h"

namespace millrace {
namespace {

using loop_internal::LoopImpl;
using loop_internal::UvHandle;

std::string Place(const std::source_location& where) {
  const std::string_view file = where.file_name();
  return StrCat(file.substr(file.rfind('/') + 1), ":", where.line());
}

using NameOf = int (*)(const uv_tcp_t*, sockaddr*, int*);

// Empty when there is none.
std::string Address(const uv_tcp_t* tcp, NameOf name_of) {
  sockaddr_storage address{};
  int size = sizeof(address);
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  return name_of(tcp, plain, &size) == 0 ? SocketAddress(plain).ToString() : "";
}

std::string Detail(const uv_handle_t* handle) {
  switch (handle->type) {
    case UV_TCP: {
      const auto* tcp = reinterpret_cast<const uv_tcp_t*>(handle);
      const std::string peer = Address(tcp, &uv_tcp_getpeername);
      if (!peer.empty()) return StrCat("with ", peer);
      const std::string own = Address(tcp, &uv_tcp_getsockname);
      return own.empty() ? "" : StrCat("listens on ", own);
    }
    case UV_SIGNAL:
      return StrCat("signal ",
                    reinterpret_cast<const uv_signal_t*>(handle)->signum);
    case UV_PROCESS:
      return StrCat("process ",
                    reinterpret_cast<const uv_process_t*>(handle)->pid);
    default: {
      uv_os_fd_t fd = -1;
      if (uv_fileno(handle, &fd) != 0) return "";
      return StrCat("descriptor ", fd);
    }
  }
}

void AddUv(LoopImpl& impl, std::vector<LiveHandle>* handles) {
  struct Walk {
    LoopImpl& impl;
    std::vector<LiveHandle>* handles;
  } walk{impl, handles};
  uv_walk(
      impl.uv(),
      [](uv_handle_t* handle, void* argument) {
        auto* w = static_cast<Walk*>(argument);
        if (w->impl.internal(handle)) return;
        LiveHandle& live = w->handles->emplace_back();
        live.kind = uv_handle_type_name(handle->type);
        live.detail = Detail(handle);
        live.refed = uv_has_ref(handle) != 0;
        live.closing = uv_is_closing(handle) != 0;
        const auto* made = static_cast<const UvHandle*>(handle->data);
        if (made == nullptr) return;
        live.where = Place(made->where);
        if (made->activity) live.activity = made->activity->handler();
      },
      &walk);
}

}  // namespace

std::vector<LiveHandle> LiveHandles(EventLoop& loop) {
  loop.AssertThread();
  LoopImpl& impl = loop.impl();
  std::vector<LiveHandle> handles;
  AddUv(impl, &handles);
  impl.timers.ForEachList([&](int32_t ms, int64_t count, int64_t refed) {
    const std::string delay = StrCat(ms, " ms");
    if (refed > 0) {
      handles.push_back({.kind = "timer", .detail = delay, .count = refed});
    }
    if (count > refed) {
      handles.push_back({.kind = "timer",
                         .detail = delay,
                         .count = count - refed,
                         .refed = false});
    }
  });
  const auto add = [&](std::string kind, int64_t count, bool refed) {
    if (count == 0) return;
    handles.push_back(
        {.kind = std::move(kind), .count = count, .refed = refed});
  };
  const int64_t immediates = impl.immediates.ref_count();
  add("immediate", immediates, true);
  add("immediate", impl.immediates.count() - immediates, false);
  add("close callback", static_cast<int64_t>(impl.close_tasks.size()), true);
  add("posted task", static_cast<int64_t>(impl.mailbox->size()), true);
  for (const auto& ref : impl.refs.counts()) add(ref.what, ref.count, true);
  return handles;
}

}  // namespace millrace
