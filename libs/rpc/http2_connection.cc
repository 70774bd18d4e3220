#include <algorithm>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "rpc/http2_connection_internal.h"
#include "rpc/wire_internal.h"

namespace millrace::rpc {
namespace {

constexpr int32_t kStreamWindow = 256 << 10;
constexpr int32_t kConnectionWindow = 4 << 20;
// What calls may leave unread, together, before the whole connection waits.
constexpr size_t kMaxUnread = 16 << 20;
// Of what is written, what may wait for the kernel; and one write.
constexpr size_t kMaxPending = 256 << 10;
constexpr size_t kWrite = 256 << 10;
// Pings too many, too often, that a client is forgiven.
constexpr int kPingStrikes = 2;
// How long a client may take to answer that it has heard of a drain, and to
// close once it was told that all is over.
constexpr absl::Duration kGoodbye = absl::Seconds(1);
constexpr uint8_t kDrainPing[8] = {'d', 'r', 'a', 'i', 'n', 0, 0, 0};

constexpr std::string_view kSpeaksHttp2 =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: 57\r\n"
    "Connection: close\r\n"
    "\r\n"
    "this port speaks gRPC; HTTP and JSON are on another port\n";

std::string PeerText(const std::string& address) {
  return StrCat(address.starts_with('[') ? "ipv6:" : "ipv4:", address);
}

}  // namespace

Http2Connection::Http2Connection(Http2Host* host,
                                 std::shared_ptr<TcpConnection> socket,
                                 std::shared_ptr<const tls::Connection> secured)
    : host_(host),
      loop_(host->loop()),
      options_(host->options()),
      calls_(host->calls()),
      memory_(host->memory()),
      socket_(std::move(socket)),
      secured_(std::move(secured)),
      peer_(PeerText(socket_->peer())),
      session_(NewSession(this)),
      since_(Now()),
      read_(since_),
      looked_(since_),
      heard_(since_),
      ping_of_client_(-absl::InfiniteDuration()) {
  if (session_ == nullptr) throw std::bad_alloc();
}

Http2Connection::~Http2Connection() { nghttp2_session_del(session_); }

absl::Duration Http2Connection::Now() const {
  return absl::Milliseconds(loop_.TimeMs());
}

std::string Http2Connection::peer_subject() const {
  return secured_ == nullptr ? std::string() : secured_->peer_subject();
}

Http2Call* Http2Connection::Find(int32_t stream) const {
  const auto it = streams_.find(stream);
  return it == streams_.end() ? nullptr : it->second.get();
}

void Http2Connection::Start() {
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
       static_cast<uint32_t>(options_.max_concurrent_streams)},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kMaxMetadataBytes},
  };
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings,
                          std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        kConnectionWindow);
  socket_->OnData([this](std::string_view bytes) { OnInput(bytes); });
  socket_->OnEnd([this] { Cut(absl::CancelledError("the client is gone")); });
  socket_->OnClose([this](const absl::Status&) { OnSocketClosed(); });
  FlushSoon();
}

void Http2Connection::OnInput(std::string_view bytes) {
  if (phase_ != Phase::kOpen) return;
  // What comes may end the connection.
  const std::shared_ptr<Http2Connection> self = shared_from_this();
  heard_ = Now();
  ping_open_ = false;
  const ssize_t taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (phase_ != Phase::kOpen) return;
  if (taken == NGHTTP2_ERR_BAD_CLIENT_MAGIC) return RefuseProtocol(bytes);
  if (taken < 0) {
    return Cut(absl::UnavailableError(
        StrCat("HTTP/2 failed: ", nghttp2_strerror(static_cast<int>(taken)))));
  }
  FlushSoon();
}

// Tells somebody who tries with curl, say.
void Http2Connection::RefuseProtocol(std::string_view bytes) {
  calls_->logger.Debug("no HTTP/2 came from a client of gRPC",
                       {{"peer", peer_}});
  const bool words = !bytes.empty() && bytes[0] >= 'A' && bytes[0] <= 'Z';
  if (words) {
    FlushWhen(shared_from_this(), socket_->Write(std::string(kSpeaksHttp2)))
        .Detach();
  }
  End();
}

void Http2Connection::OnFrame(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_SETTINGS:
      greeted_ = true;
      return;
    case NGHTTP2_PING:
      if ((frame.hd.flags & NGHTTP2_FLAG_ACK) == 0) return OnPing();
      if (draining_) SayGoodbye();
      return;
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
      break;
    default:
      return;
  }
  Http2Call* const call = Find(frame.hd.stream_id);
  if (call == nullptr) return;
  // The handler may end the call at once.
  const std::shared_ptr<Http2Call> held = call->shared_from_this();
  const bool end = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (frame.hd.type == NGHTTP2_HEADERS &&
      frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
    call->OnHeaders();
  }
  if (end) call->OnEnd();
}

// A client that pings and pings makes us write, and has nothing to say.
void Http2Connection::OnPing() {
  const absl::Duration now = Now();
  const bool early = now - ping_of_client_ < options_.least_ping_interval;
  ping_of_client_ = now;
  if (!early || ++ping_strikes_ <= kPingStrikes) return;
  constexpr std::string_view kWhy = "too_many_pings";
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_ENHANCE_YOUR_CALM,
                        reinterpret_cast<const uint8_t*>(kWhy.data()),
                        kWhy.size());
  doomed_ = true;
  FlushSoon();
}

void Http2Connection::OnFrameSent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA) {
    ping_strikes_ = 0;
  }
  if (frame.hd.type == NGHTTP2_GOAWAY && draining_ && !said_goodbye_) {
    // Calls that are on their way have arrived when this is answered. Behind
    // the notice: nghttp2 lets pings overtake.
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, kDrainPing);
  }
  if (frame.hd.type != NGHTTP2_HEADERS ||
      (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) {
    return;
  }
  // All is said; the caller need not finish what it was saying.
  const Http2Call* call = Find(frame.hd.stream_id);
  if (call == nullptr || call->ended_by_caller()) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, frame.hd.stream_id,
                            NGHTTP2_NO_ERROR);
}

void Http2Connection::OnStreamClosed(int32_t stream) {
  const auto it = streams_.find(stream);
  if (it == streams_.end()) return;
  const std::shared_ptr<Http2Call> call = std::move(it->second);
  streams_.erase(it);
  unread_ -= call->unread();
  ReturnWindow();
  call->OnClosed(absl::CancelledError("the caller gave up"));
  if (draining_ && streams_.empty()) FlushSoon();
}

void Http2Connection::SubmitLast(int32_t stream, const Http2Fields& fields) {
  nghttp2_submit_response(session_, stream, fields.data(), fields.size(),
                          nullptr);
  FlushSoon();
}

void Http2Connection::Resume(int32_t stream) {
  nghttp2_session_resume_data(session_, stream);
  FlushSoon();
}

void Http2Connection::Reset(int32_t stream, uint32_t error) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, error);
  FlushSoon();
}

void Http2Connection::Consume(int32_t stream, size_t bytes) {
  nghttp2_session_consume_stream(session_, stream, bytes);
  if (Find(stream) == nullptr) return;
  unread_ -= bytes;
  ReturnWindow();
}

void Http2Connection::ReturnWindow() {
  if (owed_ == 0 || unread_ > kMaxUnread || memory_.full()) return;
  nghttp2_session_consume_connection(session_, std::exchange(owed_, 0));
  FlushSoon();
}

void Http2Connection::FlushSoon() {
  if (flushing_ || blocked_ || phase_ != Phase::kOpen) return;
  flushing_ = true;
  loop_.SetImmediate([self = shared_from_this()] {
    self->flushing_ = false;
    self->Flush();
  });
}

void Http2Connection::Flush() {
  while (phase_ == Phase::kOpen && !blocked_ && !socket_->closed()) {
    const uint8_t* bytes = nullptr;
    ssize_t size = 0;
    while (out_.size() < kWrite &&
           (size = nghttp2_session_mem_send(session_, &bytes)) > 0) {
      out_.append(reinterpret_cast<const char*>(bytes),
                  static_cast<size_t>(size));
    }
    if (size < 0) {
      return Cut(absl::UnavailableError(
          StrCat("HTTP/2 failed: ", nghttp2_strerror(static_cast<int>(size)))));
    }
    if (out_.empty()) break;
    Promise<void> written = socket_->Write(std::exchange(out_, {}));
    if (written.settled() && !socket_->closed()) continue;
    blocked_ = socket_->pending_bytes() > kMaxPending;
    FlushWhen(shared_from_this(), std::move(written)).Detach();
  }
  if (phase_ != Phase::kOpen || blocked_) return;
  const bool over = nghttp2_session_want_read(session_) == 0 &&
                    nghttp2_session_want_write(session_) == 0;
  if (over || doomed_ || (said_goodbye_ && streams_.empty())) End();
}

Promise<void> Http2Connection::FlushWhen(std::shared_ptr<Http2Connection> self,
                                         Promise<void> written) {
  try {
    co_await std::move(written);
  } catch (const StatusError&) {
    co_return;  // OnClose() tells
  }
  if (std::exchange(self->blocked_, false)) self->FlushSoon();
}

void Http2Connection::Drain() {
  if (std::exchange(draining_, true) || phase_ != Phase::kOpen) return;
  since_ = Now();
  if (!greeted_) return End();
  nghttp2_submit_shutdown_notice(session_);
  FlushSoon();
}

void Http2Connection::SayGoodbye() {
  if (std::exchange(said_goodbye_, true)) return;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  FlushSoon();
}

// Nothing is left to say: waits for the client to close.
void Http2Connection::End() {
  if (phase_ != Phase::kOpen) return;
  phase_ = Phase::kEnding;
  since_ = Now();
  CloseCalls(absl::CancelledError("the connection is over"));
  socket_->End();
}

void Http2Connection::Cut(const absl::Status& why) {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  CloseCalls(why);
  socket_->Close();
}

void Http2Connection::CancelCalls(const absl::Status& why) {
  const auto streams = streams_;
  for (const auto& [stream, call] : streams) call->Cancel(why);
  Flush();
  Cut(why);
}

void Http2Connection::Detach() {
  host_ = nullptr;
  Cut(absl::CancelledError("the server is gone"));
  socket_->OnData({});
  socket_->OnEnd({});
  socket_->OnClose({});
}

void Http2Connection::OnSocketClosed() {
  phase_ = Phase::kClosed;
  CloseCalls(absl::CancelledError("the client is gone"));
  if (host_ != nullptr) std::exchange(host_, nullptr)->Closed(this);
}

void Http2Connection::CloseCalls(const absl::Status& why) {
  const std::shared_ptr<Http2Connection> self = shared_from_this();
  // What is told may do anything, also to this connection.
  const auto streams = std::exchange(streams_, {});
  for (const auto& [stream, call] : streams) call->OnClosed(why);
}

void Http2Connection::CheckTime() {
  const absl::Duration now = Now();
  if (phase_ == Phase::kEnding) {
    if (now - since_ > kGoodbye) Cut(absl::CancelledError("the client stays"));
    return;
  }
  if (phase_ == Phase::kClosed) return;
  if (!greeted_) {
    if (now - since_ > options_.handshake_timeout) {
      Cut(absl::DeadlineExceededError("the client says nothing"));
    }
    return;
  }
  if (Stalled(now)) {
    return Cut(absl::UnavailableError("the client reads nothing"));
  }
  CheckCalls(now);
  ReturnWindow();  // others may have made room
  if (draining_ && !said_goodbye_ && now - since_ > kGoodbye) SayGoodbye();
  if (ping_open_) {
    if (now - pinged_ > options_.keepalive_timeout) {
      Cut(absl::UnavailableError("the client does not answer a ping"));
    }
  } else if (now - std::max(heard_, pinged_) > options_.keepalive_interval) {
    ping_open_ = true;
    pinged_ = now;
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
    FlushSoon();
  }
}

bool Http2Connection::Stalled(absl::Duration now) {
  const size_t unsent = socket_->pending_bytes();
  const bool moves = unsent == 0 || unsent != unsent_;
  unsent_ = unsent;
  if (moves) read_ = now;
  return now - read_ > options_.send_timeout;
}

void Http2Connection::CheckCalls(absl::Duration now) {
  const absl::Duration least =
      std::min(options_.request_timeout, options_.send_timeout);
  if (now - looked_ < least / 4) return;
  looked_ = now;
  std::vector<std::pair<std::shared_ptr<Http2Call>, absl::Status>> overdue;
  for (const auto& [stream, call] : streams_) {
    absl::Status why = call->Overdue(now);
    if (!why.ok()) overdue.emplace_back(call, std::move(why));
  }
  for (const auto& [call, why] : overdue) call->Cancel(why);
}

}  // namespace millrace::rpc
