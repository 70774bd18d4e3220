#include "runtime/test_support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "base/strings.h"

namespace millrace::runtime {

void MemoryLogger::Write(Severity severity, std::string_view message,
                         absl::Span<const LogField> fields) {
  Line line;
  line["msg"] = message;
  line["severity"] = StrCat(static_cast<int>(severity));
  for (const LogField& field : fields) {
    line[std::string(field.key)] = std::visit(
        [](const auto& value) { return StrCat(value); }, field.value);
  }
  const std::lock_guard lock(mutex_);
  lines.push_back(std::move(line));
}

std::vector<MemoryLogger::Line> MemoryLogger::Saying(
    std::string_view message) const {
  const std::lock_guard lock(mutex_);
  std::vector<Line> said;
  for (const Line& line : lines) {
    if (line.at("msg") == message) said.push_back(line);
  }
  return said;
}

std::string HttpExchangeRaw(int port, const std::string& request) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) ==
          0 &&
      send(socket, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char buffer[4096];
    for (ssize_t n; (n = recv(socket, buffer, sizeof(buffer), 0)) > 0;) {
      answer.append(buffer, static_cast<size_t>(n));
    }
  }
  close(socket);
  return answer;
}

std::string HttpExchange(int port, const std::string& method,
                         const std::string& path, const std::string& body,
                         const std::string& accept,
                         const std::string& headers) {
  return HttpExchangeRaw(
      port,
      StrCat(method, " ", path, " HTTP/1.1\r\nhost: localhost\r\nconnection: ",
             "close\r\naccept: ", accept,
             "\r\ncontent-type: application/json\r\ncontent-length: ",
             body.size(), "\r\n", headers, "\r\n", body));
}

int PortOf(const std::string& address) {
  return std::stoi(address.substr(address.rfind(':') + 1));
}

ScratchDir::ScratchDir() {
  std::string name =
      std::filesystem::temp_directory_path() / "millrace-runtime-XXXXXX";
  path_ = mkdtemp(name.data());
}

ScratchDir::~ScratchDir() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

std::string ScratchDir::operator/(const std::string& name) const {
  return path_ + "/" + name;
}

}  // namespace millrace::runtime
