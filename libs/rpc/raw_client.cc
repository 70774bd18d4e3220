#include "rpc/raw_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/strings.h"

namespace millrace::rpc {

struct RawClient::Inflater {
  Inflater() { nghttp2_hd_inflate_new(&hpack); }
  ~Inflater() { nghttp2_hd_inflate_del(hpack); }

  std::map<std::string, std::string> Decode(std::string_view block) {
    std::map<std::string, std::string> fields;
    for (;;) {
      nghttp2_nv field;
      int flags = 0;
      const ssize_t used = nghttp2_hd_inflate_hd2(
          hpack, &field, &flags, reinterpret_cast<const uint8_t*>(block.data()),
          block.size(), 1);
      if (used < 0) {
        ADD_FAILURE() << "HPACK: " << nghttp2_strerror(static_cast<int>(used));
        return fields;
      }
      block.remove_prefix(static_cast<size_t>(used));
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        fields.emplace(
            std::string(reinterpret_cast<char*>(field.name), field.namelen),
            std::string(reinterpret_cast<char*>(field.value), field.valuelen));
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(hpack);
    return fields;
  }

  nghttp2_hd_inflater* hpack = nullptr;
};

RawClient::RawClient(int port)
    : fd_(socket(AF_INET, SOCK_STREAM, 0)),
      inflater_(std::make_unique<Inflater>()) {
  const timeval patience = {10, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address),
            0);
}

RawClient::~RawClient() {
  if (fd_ >= 0) close(fd_);
}

std::unique_ptr<RawClient> RawClient::Greeting(int port) {
  auto client = std::make_unique<RawClient>(port);
  client->Send(StrCat(kPreface, Frame(kSettings, 0, 0)));
  return client;
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool RawClient::ReadToEnd() {
  char buffer[16 << 10];
  for (;;) {
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    if (got > 0) continue;
    return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }
}

std::string RawClient::ReadAll() {
  char buffer[16 << 10];
  ssize_t got = 0;
  while ((got = recv(fd_, buffer, sizeof buffer, 0)) > 0) {
    input_.append(buffer, static_cast<size_t>(got));
  }
  return std::exchange(input_, {});
}

std::optional<RawClient::Received> RawClient::ReadUntil(FrameType type,
                                                        uint8_t flags) {
  constexpr size_t kHead = 9;
  char buffer[16 << 10];
  for (;;) {
    while (input_.size() >= kHead) {
      const auto byte = [this](size_t at) {
        return static_cast<uint8_t>(input_[at]);
      };
      const size_t size = static_cast<size_t>(byte(0)) << 16 |
                          static_cast<size_t>(byte(1)) << 8 | byte(2);
      if (input_.size() < kHead + size) break;
      const uint8_t frame_type = byte(3);
      const bool found = frame_type == type && (byte(4) & flags) == flags;
      Received frame{.flags = byte(4),
                     .stream = static_cast<uint32_t>(byte(5) & 0x7f) << 24 |
                               static_cast<uint32_t>(byte(6)) << 16 |
                               static_cast<uint32_t>(byte(7)) << 8 | byte(8),
                     .payload = input_.substr(kHead, size)};
      input_.erase(0, kHead + size);
      if (found) return frame;
      // What later blocks mean depends on this one.
      if (frame_type == kHeaders) inflater_->Decode(frame.payload);
    }
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    if (got <= 0) return std::nullopt;
    input_.append(buffer, static_cast<size_t>(got));
  }
}

std::map<std::string, std::string> RawClient::ReadFields(uint8_t flags) {
  for (;;) {
    const auto frame = ReadUntil(kHeaders);
    if (!frame.has_value()) return {};
    auto fields = inflater_->Decode(frame->payload);
    if ((frame->flags & flags) == flags) return fields;
  }
}

void RawClient::Reset() {
  const linger now = {1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(std::exchange(fd_, -1));
}

}  // namespace millrace::rpc
