#include "tests/bench/faces/http_load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

namespace millrace::bench {
namespace {

using Clock = std::chrono::steady_clock;

void Check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "faces_bench: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

[[noreturn]] void Unexpected(const std::string& answer) {
  std::fprintf(stderr, "faces_bench: unexpected answer:\n%s\n", answer.c_str());
  std::exit(1);
}

// The whole length of the answer, 0 when its head has not come yet.
size_t LengthOf(const std::string& answer) {
  constexpr std::string_view kOk = "HTTP/1.1 200 ";
  constexpr std::string_view kLength = "\r\ncontent-length:";
  const size_t end = answer.find("\r\n\r\n");
  if (end == answer.npos) return 0;
  if (!answer.starts_with(kOk)) Unexpected(answer);
  for (size_t at = kOk.size(); at < end; ++at) {
    at = answer.find("\r\n", at);
    if (strncasecmp(answer.c_str() + at, kLength.data(), kLength.size()) == 0) {
      return end + 4 +
             std::strtoul(answer.c_str() + at + kLength.size(), nullptr, 10);
    }
  }
  Unexpected(answer);
}

class Connection {
 public:
  explicit Connection(const HttpLoad& load)
      : load_(load), fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(load.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Check(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) ==
              0,
          "the server cannot be reached");
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  Clock::time_point sent() const { return sent_; }

  void Send() {
    answer_.clear();
    sent_ = Clock::now();
    Check(send(fd_, load_.request.data(), load_.request.size(), MSG_NOSIGNAL) ==
              static_cast<ssize_t>(load_.request.size()),
          "a request cannot be sent");
  }

  // Whether the answer is whole now.
  bool Receive() {
    char buffer[16 << 10];
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    Check(got > 0, "an answer ends early");
    answer_.append(buffer, static_cast<size_t>(got));
    const size_t length = LengthOf(answer_);
    if (length == 0 || answer_.size() < length) return false;
    if (answer_.size() > length || answer_.find(load_.answer) == answer_.npos) {
      Unexpected(answer_);
    }
    return true;
  }

 private:
  const HttpLoad& load_;
  const int fd_;
  std::string answer_;
  Clock::time_point sent_;
};

double Since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

HttpLoadResult RunHttpLoad(const HttpLoad& load) {
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < load.connections; ++i) {
    auto& added = connections.emplace_back(std::make_unique<Connection>(load));
    epoll_event event = {.events = EPOLLIN, .data = {.ptr = added.get()}};
    epoll_ctl(poll, EPOLL_CTL_ADD, added->fd(), &event);
  }
  HttpLoadResult result;
  const auto start = Clock::now();
  for (const auto& connection : connections) connection->Send();
  size_t running = connections.size();
  while (running > 0) {
    epoll_event events[64];
    const int count = epoll_wait(poll, events, 64, -1);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[i].data.ptr);
      if (!connection->Receive()) continue;
      result.latencies.push_back(Since(connection->sent()));
      ++result.requests;
      const auto begun = result.requests + static_cast<int64_t>(running) - 1;
      if (begun < load.requests && Since(start) < load.seconds) {
        connection->Send();
      } else {
        --running;
      }
    }
  }
  result.seconds = Since(start);
  close(poll);
  return result;
}

}  // namespace millrace::bench
