#include "http/test_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "base/strings.h"

namespace millrace::http {

TestClient::TestClient(int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  const timeval patience = {10, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address))) {
    throw std::runtime_error("cannot connect");
  }
}

TestClient::~TestClient() {
  if (fd_ >= 0) close(fd_);
}

bool TestClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::string TestClient::ReadSome() {
  if (!input_.empty()) return std::exchange(input_, {});
  char buffer[16 << 10];
  const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
  if (got > 0) return std::string(buffer, static_cast<size_t>(got));
  ended_ = got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  return {};
}

std::string TestClient::ReadUntil(std::string_view mark) {
  std::string text;
  size_t at = std::string::npos;
  while (at == std::string::npos) {
    const std::string more = ReadSome();
    if (more.empty()) return text;
    const size_t seen =
        text.size() < mark.size() ? 0 : text.size() - mark.size();
    text += more;
    at = text.find(mark, seen);
  }
  input_ = text.substr(at + mark.size());
  return text.substr(0, at + mark.size());
}

std::string TestClient::ReadChunked() {
  std::string body;
  while (true) {
    const std::string line = ReadUntil("\r\n");
    const size_t size = std::strtoul(line.c_str(), nullptr, 16);
    std::string chunk;
    while (chunk.size() < size + 2) {
      const std::string more = ReadSome();
      if (more.empty()) return body + "<cut>";
      chunk += more;
    }
    input_ = chunk.substr(size + 2) + input_;
    body += chunk.substr(0, size);
    if (size == 0) return body;
  }
}

TestResponse TestClient::Read(bool to_head) {
  TestResponse response;
  std::string_view head;
  const std::string text = ReadUntil("\r\n\r\n");
  head = text;
  if (!head.starts_with("HTTP/1.") || !head.ends_with("\r\n\r\n")) return {};
  response.status = std::atoi(text.c_str() + 9);
  head.remove_prefix(head.find("\r\n") + 2);
  while (head.size() > 2) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const size_t colon = line.find(':');
    response.headers.Add(line.substr(0, colon), Trim(line.substr(colon + 1)));
    head.remove_prefix(line.size() + 2);
  }
  if (to_head || response.status == 204 || response.status == 304 ||
      response.status < 200) {
    return response;
  }
  if (response.headers.Get("Transfer-Encoding") == "chunked") {
    response.body = ReadChunked();
    return response;
  }
  if (!response.headers.Has("Content-Length")) {
    for (std::string more; !(more = ReadSome()).empty();) {
      response.body += more;
    }
    return response;
  }
  const size_t size =
      std::stoul(std::string(response.headers.Get("Content-Length")));
  while (response.body.size() < size) {
    const std::string more = ReadSome();
    if (more.empty()) break;
    response.body += more;
  }
  if (response.body.size() > size) {
    input_ = response.body.substr(size) + input_;
    response.body.resize(size);
  }
  return response;
}

bool TestClient::AtEnd() { return ReadSome().empty() && ended_; }

void TestClient::Finish() { shutdown(fd_, SHUT_WR); }

void TestClient::Reset() {
  const linger now = {1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  close(std::exchange(fd_, -1));
}

std::string GetRequest(std::string_view path, std::string_view fields) {
  return StrCat("GET ", path, " HTTP/1.1\r\nHost: test\r\n", fields, "\r\n");
}

std::string PostRequest(std::string_view path, std::string_view type,
                        std::string_view body, std::string_view fields) {
  return StrCat(
      "POST ", path, " HTTP/1.1\r\nHost: test\r\nContent-Type: ", type,
      "\r\nContent-Length: ", body.size(), "\r\n", fields, "\r\n", body);
}

}  // namespace millrace::http
