#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "tests/bench/streams/clients.h"

namespace millrace::bench {
namespace {

using Clock = std::chrono::steady_clock;

void Check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "streams_bench: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

// Reads until `mark` has come.
void AwaitText(int fd, std::string_view mark) {
  std::string text;
  char buffer[4096];
  while (text.find(mark) == text.npos) {
    const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    Check(got > 0, "an answer ends early");
    text.append(buffer, static_cast<size_t>(got));
  }
}

void Send(int fd, std::string_view text) {
  Check(send(fd, text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()),
        "a request cannot be sent");
}

}  // namespace

EventClients::~EventClients() {
  for (const int fd : sockets_) close(fd);
}

int EventClients::Connect() const {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Check(fd >= 0, "no socket can be had");
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Check(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
        "the server cannot be reached");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void EventClients::Open(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const int fd = Connect();
    sockets_.push_back(fd);
    Send(fd, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    AwaitText(fd, "data: hello\n\n");
  }
}

std::vector<double> EventClients::Call(size_t count) {
  const int fd = Connect();
  std::vector<double> seconds;
  for (size_t i = 0; i < count; ++i) {
    const auto start = Clock::now();
    Send(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    AwaitText(fd, "\r\n\r\nhello");
    seconds.push_back(
        std::chrono::duration<double>(Clock::now() - start).count());
  }
  close(fd);
  return seconds;
}

}  // namespace millrace::bench
