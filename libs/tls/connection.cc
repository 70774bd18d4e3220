#include "tls/connection.h"

#include <array>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "tls/engine.h"

namespace millrace::tls {
namespace {

// As much as one record carries.
constexpr size_t kRecord = 16 << 10;
// What a peer may make this side say, beside what is written, and not read.
constexpr size_t kMaxUnreadAnswers = 64 << 10;

struct Settings {
  std::string host;  // empty: a server
  absl::Duration handshake_timeout;
  std::function<void(const absl::Status&)> on_handshake;
  std::string plaintext_answer;
  Protocol protocol = Protocol::kHttp11;
};

// Never rejects.
Promise<void> PassOn(Promise<void> from, Deferred<void> to) {
  const absl::Status status = co_await AsStatusOr(std::move(from));
  if (status.ok()) {
    to.Resolve();
  } else {
    to.Reject(status);
  }
}

class ConnectionImpl final
    : public Connection,
      public std::enable_shared_from_this<ConnectionImpl> {
 public:
  ConnectionImpl(EventLoop& loop, std::shared_ptr<const Loaded> credentials,
                 std::shared_ptr<TcpConnection> socket, Settings settings)
      : loop_(loop),
        socket_(std::move(socket)),
        settings_(std::move(settings)),
        engine_(std::move(credentials), settings_.host, settings_.protocol) {}

  ~ConnectionImpl() override {
    timer_.Clear();
    socket_->OnData({});
    socket_->OnEnd({});
    socket_->OnClose({});
    socket_->Close();
  }

  void Start() {
    const std::weak_ptr<ConnectionImpl> weak = weak_from_this();
    socket_->OnData([weak](std::string_view bytes) {
      if (const auto self = weak.lock()) self->OnBytes(bytes);
    });
    socket_->OnEnd([weak] {
      if (const auto self = weak.lock()) self->OnSocketEnd();
    });
    socket_->OnClose([weak](const absl::Status& status) {
      if (const auto self = weak.lock()) self->OnSocketClosed(status);
    });
    timer_ = loop_.SetTimeout(settings_.handshake_timeout, [weak] {
      if (const auto self = weak.lock()) self->HandshakeIsLate();
    });
    Pump();
  }

  void OnData(std::function<void(std::string_view)> callback) override {
    on_data_ = std::move(callback);
    Continue();
  }
  void OnEnd(std::function<void()> callback) override {
    on_end_ = std::move(callback);
  }
  void OnClose(std::function<void(const absl::Status&)> callback) override {
    on_close_ = std::move(callback);
  }

  Promise<void> Write(std::string bytes) override {
    if (closing_ || ending_) {
      return Promise<void>::Reject(status_.ok() ? Problem("it is closed")
                                                : status_);
    }
    if (!open_) {
      early_ += bytes;
      early_waiters_.emplace_back();
      return early_waiters_.back().promise();
    }
    return WriteNow(bytes);
  }

  size_t pending_bytes() const override {
    return socket_->pending_bytes() + early_.size();
  }

  void Pause() override {
    paused_ = true;
    UpdateReading();
  }
  void Resume() override {
    paused_ = false;
    Continue();
  }

  void End() override {
    if (ending_ || closing_) return;
    ending_ = true;
    if (open_) EndNow();
  }

  void Close() override {
    if (std::exchange(closing_, true)) return;
    timer_.Clear();
    settings_.on_handshake = nullptr;  // whom it was for may be gone
    if (open_ && status_.ok()) {
      if (!ending_) engine_.End();
      Flush();
    }
    socket_->Close();
  }

  bool closed() const override { return closing_ || socket_->closed(); }
  const std::string& peer() const override { return socket_->peer(); }
  const std::string& peer_subject() const override { return subject_; }

 private:
  bool server() const { return settings_.host.empty(); }

  absl::Status Problem(std::string_view what) const {
    return absl::UnavailableError(
        StrCat("TLS with ", socket_->peer(), ": ", what));
  }

  void OnBytes(std::string_view bytes) {
    if (closing_) return;
    engine_.Feed(bytes);
    Pump();
  }

  void OnSocketEnd() {
    socket_ended_ = true;
    Pump();
  }

  // Takes what has come as far as somebody wants it.
  void Pump() {
    if (std::exchange(pumping_, true)) return;
    const auto self = shared_from_this();
    if (open_ || Handshake()) {
      while (!closing_ && !peer_ended_ && !paused_ && on_data_ != nullptr &&
             ReadOne()) {
      }
    }
    pumping_ = false;
    if (closing_) return;
    Flush();
    UpdateReading();
  }

  // False when more has to come, or it failed.
  bool Handshake() {
    const Engine::Step step = engine_.Handshake();
    if (step == Engine::Step::kFailed) {
      Flush();
      if (engine_.met_http()) Tell(settings_.plaintext_answer);
      Fail(Problem(engine_.error()));
      return false;
    }
    Flush();
    if (step == Engine::Step::kMore) {
      if (socket_ended_ && !closing_) {
        Fail(Problem("the connection ended during the handshake"));
      }
      return false;
    }
    open_ = true;
    timer_.Clear();
    subject_ = engine_.PeerSubject();
    TellHandshake(absl::OkStatus());
    SendEarly();
    return !closing_;
  }

  bool ReadOne() {
    std::array<char, kRecord> buffer;
    size_t size = 0;
    switch (engine_.Read(absl::MakeSpan(buffer), &size)) {
      case Engine::Got::kBytes: {
        // A copy: the callback may be replaced while it runs.
        const auto callback = on_data_;
        callback(std::string_view(buffer.data(), size));
        return true;
      }
      case Engine::Got::kEnd:
        PeerEnded();
        return false;
      case Engine::Got::kMore:
        if (!socket_ended_) return false;
        if (server()) {
          PeerEnded();
        } else {
          Fail(
              Problem("the connection ended without notice; something may "
                      "be missing"));
        }
        return false;
      case Engine::Got::kFailed:
        Flush();
        Fail(Problem(engine_.error()));
        return false;
    }
    return false;
  }

  void PeerEnded() {
    peer_ended_ = true;
    if (on_end_ == nullptr) return End();
    const auto callback = on_end_;
    callback();
  }

  // Not from within the caller, who does not expect data now.
  void Continue() {
    UpdateReading();
    loop_.NextTick([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self != nullptr && self->open_ && !self->closing_) self->Pump();
    });
  }

  void UpdateReading() {
    if (closing_) return;
    const bool wanted = !open_ || (!paused_ && on_data_ != nullptr);
    if (wanted == reading_) return;
    reading_ = wanted;
    if (wanted) {
      socket_->Resume();
    } else {
      socket_->Pause();
    }
  }

  Promise<void> WriteNow(std::string_view bytes) {
    if (!engine_.Write(bytes)) {
      Fail(Problem(engine_.error()));
      return Promise<void>::Reject(status_);
    }
    return socket_->Write(engine_.TakeOutput());
  }

  void SendEarly() {
    auto waiters = std::exchange(early_waiters_, {});
    if (!waiters.empty()) {
      const Promise<void> sent = WriteNow(std::exchange(early_, {}));
      for (const auto& waiter : waiters) PassOn(sent, waiter).Detach();
    }
    if (ending_ && !closing_) EndNow();
  }

  void EndNow() {
    engine_.End();
    Flush();
    socket_->End();
  }

  // What OpenSSL has to say by itself.
  void Flush() {
    std::string bytes = engine_.TakeOutput();
    if (bytes.empty()) return;
    if (socket_->pending_bytes() == 0) unread_answers_ = 0;
    unread_answers_ += bytes.size();
    Tell(std::move(bytes));
    if (unread_answers_ > kMaxUnreadAnswers && !closing_) {
      Fail(Problem("it asks, and does not read the answers"));
    }
  }

  void Tell(std::string bytes) {
    if (bytes.empty() || socket_->closed()) return;
    // OnClose() tells when it fails.
    static_cast<void>(AsStatusOr(socket_->Write(std::move(bytes))));
  }

  void HandshakeIsLate() {
    Fail(absl::DeadlineExceededError(
        StrCat("TLS with ", socket_->peer(), ": no handshake within ",
               absl::FormatDuration(settings_.handshake_timeout))));
  }

  void Fail(absl::Status status) {
    if (closing_) return;
    status_ = std::move(status);
    const auto on_handshake = std::exchange(settings_.on_handshake, nullptr);
    Close();
    if (on_handshake != nullptr) on_handshake(status_);
  }

  void TellHandshake(const absl::Status& status) {
    const auto callback = std::exchange(settings_.on_handshake, nullptr);
    if (callback != nullptr) callback(status);
  }

  void OnSocketClosed(const absl::Status& status) {
    closing_ = true;
    timer_.Clear();
    if (status_.ok()) status_ = status;
    const absl::Status why = status_.ok() ? Problem("it was closed") : status_;
    if (!open_) TellHandshake(why);
    for (const auto& waiter : std::exchange(early_waiters_, {})) {
      waiter.Reject(why);
    }
    on_data_ = nullptr;
    on_end_ = nullptr;
    const auto callback = std::exchange(on_close_, nullptr);
    if (callback != nullptr) callback(status_);
  }

  EventLoop& loop_;
  const std::shared_ptr<TcpConnection> socket_;
  Settings settings_;
  Engine engine_;
  Timer timer_;  // of the handshake
  std::string subject_;
  std::function<void(std::string_view)> on_data_;
  std::function<void()> on_end_;
  std::function<void(const absl::Status&)> on_close_;
  std::string early_;  // written before the handshake has ended
  std::vector<Deferred<void>> early_waiters_;
  absl::Status status_;
  size_t unread_answers_ = 0;
  bool open_ = false;  // the handshake has ended
  bool pumping_ = false;
  bool paused_ = false;
  bool reading_ = true;  // the socket
  bool socket_ended_ = false;
  bool peer_ended_ = false;
  bool ending_ = false;
  bool closing_ = false;
};

}  // namespace

std::shared_ptr<Connection> Accept(EventLoop& loop,
                                   std::shared_ptr<const Loaded> credentials,
                                   std::shared_ptr<TcpConnection> socket,
                                   AcceptOptions options) {
  loop.AssertThread();
  auto connection = std::make_shared<ConnectionImpl>(
      loop, std::move(credentials), std::move(socket),
      Settings{.host = {},
               .handshake_timeout = options.handshake_timeout,
               .on_handshake = std::move(options.on_handshake),
               .plaintext_answer = std::move(options.plaintext_answer),
               .protocol = options.protocol});
  connection->Start();
  return connection;
}

Promise<std::shared_ptr<Connection>> Connect(
    EventLoop& loop, std::shared_ptr<const Loaded> credentials,
    std::shared_ptr<TcpConnection> socket, ConnectOptions options) {
  loop.AssertThread();
  Deferred<void> done;
  auto connection = std::make_shared<ConnectionImpl>(
      loop, std::move(credentials), std::move(socket),
      Settings{.host = std::move(options.host),
               .handshake_timeout = options.handshake_timeout,
               .on_handshake =
                   [done](const absl::Status& status) {
                     if (status.ok()) {
                       done.Resolve();
                     } else {
                       done.Reject(status);
                     }
                   },
               .plaintext_answer = {}});
  Promise<void> ended = done.promise();
  connection->Start();
  co_await std::move(ended);
  co_return connection;
}

}  // namespace millrace::tls
