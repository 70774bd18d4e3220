#include "rpc/fd_helper.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace millrace::rpc {
namespace {

int Checked(int result, const char* call) {
  if (result < 0) throw std::system_error(errno, std::system_category(), call);
  return result;
}

}  // namespace

FdHelper::FdHelper(std::function<void()> on_readable)
    : on_readable_(std::move(on_readable)),
      epoll_fd_(Checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      stop_fd_(Checked(eventfd(0, EFD_CLOEXEC), "eventfd")) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = stop_fd_}};
  Checked(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, stop_fd_, &event), "epoll_ctl");
  thread_ = std::thread([this] { Watch(); });
  pthread_setname_np(thread_.native_handle(), "rpc-fd-helper");
}

FdHelper::~FdHelper() {
  const uint64_t one = 1;
  [[maybe_unused]] ssize_t written = write(stop_fd_, &one, sizeof one);
  thread_.join();
  close(stop_fd_);
  close(epoll_fd_);
}

void FdHelper::Arm(int fd) {
  if (armed_.exchange(true) && fd == fd_) return;
  epoll_event event{.events = EPOLLIN | EPOLLONESHOT, .data = {.fd = fd}};
  if (fd == fd_) {
    Checked(epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event), "epoll_ctl");
    return;
  }
  if (fd_ >= 0) epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd_, nullptr);
  Checked(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  fd_ = fd;
}

void FdHelper::Watch() {
  for (;;) {
    epoll_event event;
    int count = epoll_wait(epoll_fd_, &event, 1, -1);
    if (count < 0 && errno == EINTR) continue;
    if (count != 1 || event.data.fd == stop_fd_) return;
    // Cleared before the report: the sleeper, once woken, arms again.
    armed_.store(false);
    on_readable_();
  }
}

}  // namespace millrace::rpc
