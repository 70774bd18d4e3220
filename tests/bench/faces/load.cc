#include "tests/bench/faces/load.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "millrace/test/echo.pb.h"

namespace millrace::bench {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "load: %s\n", what.c_str());
  std::exit(1);
}

int Connect(const std::string& target) {
  const size_t colon = target.rfind(':');
  const addrinfo hints{.ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  if (getaddrinfo(target.substr(0, colon).c_str(), target.c_str() + colon + 1,
                  &hints, &found) != 0) {
    Fail(target + " is no address");
  }
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
    Fail("nobody listens at " + target);
  }
  freeaddrinfo(found);
  return fd;
}

nghttp2_nv Field(std::string_view name, std::string_view value) {
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())),
          name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

struct Pending {
  Clock::time_point start = Clock::now();
  std::string message;
  size_t sent = 0;
  std::string status;
  std::string error;
};

// One connection. It costs less than any server it is sent against, which
// gRPC's own client does not.
class Client {
 public:
  explicit Client(const Load& load)
      : load_(load),
        fd_(Connect(load.target)),
        bearer_("Bearer " + load.token) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, &OnHeader);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &OnClose);
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    constexpr int32_t kWindow = 16 << 20;
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, 2);
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                          kWindow);
  }
  ~Client() {
    nghttp2_session_del(session_);
    close(fd_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  LoadResult Run() {
    const auto start = Clock::now();
    end_ = start + std::chrono::duration_cast<Clock::duration>(
                       std::chrono::duration<double>(load_.seconds));
    for (int i = 0; i < load_.in_flight; ++i) StartNext();
    Send();
    std::string buffer(256 << 10, '\0');
    while (!pending_.empty()) {
      const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
      if (got <= 0) Fail("the server has closed the connection");
      if (nghttp2_session_mem_recv(
              session_, reinterpret_cast<const uint8_t*>(buffer.data()),
              static_cast<size_t>(got)) < 0) {
        Fail("the server breaks HTTP/2");
      }
      Send();
    }
    result_.seconds =
        std::chrono::duration<double>(Clock::now() - start).count();
    return std::move(result_);
  }

 private:
  static Client& Self(void* user) { return *static_cast<Client*>(user); }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame,
                      const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t,
                      void* user) {
    const std::string_view field(reinterpret_cast<const char*>(name),
                                 name_size);
    const std::string_view text(reinterpret_cast<const char*>(value),
                                value_size);
    Pending& call = *Self(user).pending_.at(frame->hd.stream_id);
    if (field == "grpc-status") call.status = text;
    if (field == "grpc-message") call.error = text;
    return 0;
  }

  static int OnClose(nghttp2_session*, int32_t stream, uint32_t, void* user) {
    Client& self = Self(user);
    const auto it = self.pending_.find(stream);
    const Pending& call = *it->second;
    if (call.status != "0") Fail("call failed: " + call.error);
    const auto now = Clock::now();
    ++self.result_.calls;
    if (self.load_.keep_latencies) {
      self.result_.latencies.push_back(
          std::chrono::duration<double>(now - call.start).count());
    }
    self.pending_.erase(it);
    const auto running = static_cast<int64_t>(self.pending_.size());
    if (self.result_.calls + running < self.load_.calls && now < self.end_) {
      self.StartNext();
    }
    return 0;
  }

  static ssize_t NextBytes(nghttp2_session*, int32_t, uint8_t* buffer,
                           size_t size, uint32_t* flags,
                           nghttp2_data_source* source, void*) {
    auto& call = *static_cast<Pending*>(source->ptr);
    size = std::min(size, call.message.size() - call.sent);
    call.message.copy(reinterpret_cast<char*>(buffer), size, call.sent);
    call.sent += size;
    if (call.sent == call.message.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  void StartNext() {
    auto call = std::make_unique<Pending>();
    const std::string made =
        load_.make_request ? load_.make_request(started_) : std::string();
    const std::string& request = load_.make_request ? made : load_.request;
    ++started_;
    call->message.reserve(request.size() + 5);
    call->message.push_back('\0');
    for (int shift = 24; shift >= 0; shift -= 8) {
      call->message.push_back(static_cast<char>(request.size() >> shift));
    }
    call->message += request;
    nghttp2_nv fields[] = {
        Field(":method", "POST"),
        Field(":scheme", "http"),
        Field(":path", load_.path),
        Field(":authority", load_.target),
        Field("te", "trailers"),
        Field("content-type", "application/grpc"),
        Field("authorization", bearer_),
        Field("traceparent",
              "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")};
    nghttp2_data_provider provider{};
    provider.source.ptr = call.get();
    provider.read_callback = &NextBytes;
    const int32_t stream =
        nghttp2_submit_request(session_, nullptr, fields,
                               load_.token.empty() ? 6 : 8, &provider, nullptr);
    if (stream < 0) Fail("no more calls can be made on this connection");
    pending_.emplace(stream, std::move(call));
  }

  void Send() {
    const uint8_t* bytes = nullptr;
    ssize_t size = 0;
    while ((size = nghttp2_session_mem_send(session_, &bytes)) > 0) {
      out_.append(reinterpret_cast<const char*>(bytes),
                  static_cast<size_t>(size));
    }
    size_t sent = 0;
    while (sent < out_.size()) {
      const ssize_t taken =
          send(fd_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
      if (taken <= 0) Fail("the server has closed the connection");
      sent += static_cast<size_t>(taken);
    }
    out_.clear();
  }

  const Load& load_;
  const int fd_;
  const std::string bearer_;
  nghttp2_session* session_ = nullptr;
  std::string out_;
  std::unordered_map<int32_t, std::unique_ptr<Pending>> pending_;
  int64_t started_ = 0;
  Clock::time_point end_;
  LoadResult result_;
};

}  // namespace

LoadResult RunLoad(const Load& load) { return Client(load).Run(); }

std::string EchoRequestBytes() {
  test::EchoRequest message;
  message.set_text(std::string(100, 'x'));
  return message.SerializeAsString();
}

}  // namespace millrace::bench
