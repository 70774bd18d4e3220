// A thread that watches one descriptor for another thread that sleeps
// elsewhere: once armed, it reports the descriptor readable once, then rests
// until it is armed again. An armed or resting helper makes no wake-ups.
//
// Arm() is called by one thread only; the callback runs on the helper's own.
// The destructor joins: no callback runs after it.
#ifndef MILLRACE_RPC_FD_HELPER_H_
#define MILLRACE_RPC_FD_HELPER_H_

#include <atomic>
#include <functional>
#include <thread>

namespace millrace::rpc {

class FdHelper {
 public:
  explicit FdHelper(std::function<void()> on_readable);
  ~FdHelper();
  FdHelper(const FdHelper&) = delete;
  FdHelper& operator=(const FdHelper&) = delete;

  // Costs a system call only when the helper has reported since the last one.
  void Arm(int fd);

 private:
  void Watch();

  const std::function<void()> on_readable_;
  const int epoll_fd_;
  const int stop_fd_;
  int fd_ = -1;
  std::atomic<bool> armed_{false};
  std::thread thread_;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_FD_HELPER_H_
