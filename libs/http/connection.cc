#include "http/connection.h"

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "http/status_mapping.h"
#include "http/url.h"

namespace millrace::http {
namespace {

// How long the end of what a refused client sends is waited for. Closing
// earlier would reset the connection and might take the answer away from it.
constexpr absl::Duration kLinger = absl::Seconds(1);

Promise<Response> Route(const Router& router, Request&& request) {
  try {
    return router.Route(std::move(request));
  } catch (...) {
    return Promise<Response>::Reject(std::current_exception());
  }
}

}  // namespace

// A request and the answer to it.
struct Connection::Exchange {
  ResponseForm form;
  AbortController abort;
  std::optional<Response> response;
  std::chrono::steady_clock::time_point since =
      std::chrono::steady_clock::now();
  std::string path;
  Cors::Asked cors;
};

Connection::Connection(ConnectionHost* host,
                       std::shared_ptr<TcpConnection> socket,
                       std::shared_ptr<const tls::Connection> secured)
    : host_(host),
      socket_(std::move(socket)),
      secured_(std::move(secured)),
      peer_(socket_->peer()),
      writer_(std::make_shared<ResponseWriter>(this, socket_)),
      parser_(host->options().limits),
      since_(host->now()),
      progress_at_(since_) {}

Connection::~Connection() { writer_->Stop(); }

void Connection::Start() {
  socket_->OnData([this](std::string_view data) { OnData(data); });
  socket_->OnEnd([this] { OnEnd(); });
  socket_->OnClose([this](const absl::Status&) { OnClosed(); });
}

void Connection::RefuseAsTooMany() {
  Fail(503, StrCat("too many connections are open (max_connections is ",
                   host_->options().max_connections, "); try again later"));
}

void Connection::OnData(std::string_view data) {
  if (phase_ != Phase::kOpen) {
    unread_ = true;
    return;
  }
  if (input_.empty()) {
    const size_t taken = Consume(data);
    input_.assign(data.substr(taken));
  } else {
    input_.append(data);
    input_.erase(0, Consume(input_));
  }
}

// Feeds the parser; returns what it took. Stops between two requests when
// enough of them are open.
size_t Connection::Consume(std::string_view input) {
  size_t taken = 0;
  while (phase_ == Phase::kOpen && taken < input.size()) {
    if (!parser_.started()) {
      if (Full()) break;
      since_ = host_->now();
    }
    const bool had_head = parser_.head_done();
    taken += parser_.Feed(input.substr(taken));
    if (parser_.failed()) {
      Fail(parser_.error().status, parser_.error().message);
    } else if (parser_.done()) {
      Dispatch();
      continue;
    } else if (parser_.head_done()) {
      if (!had_head) since_ = host_->now();
      MeetExpectation();
    }
    break;
  }
  if (phase_ != Phase::kOpen) {
    if (taken < input.size()) unread_ = true;
    taken = input.size();
  } else if (!paused_ && !parser_.started() && Full()) {
    paused_ = true;
    socket_->Pause();
  }
  return taken;
}

bool Connection::Full() const {
  const ServerOptions& options = host_->options();
  return exchanges_.size() >= options.max_pipelined ||
         writer_->pending() > options.max_pending_bytes;
}

// After an answer, or after the client has read: what had to wait may go on.
void Connection::ReadOn() {
  if (phase_ != Phase::kOpen) return;
  MeetExpectation();
  if (!paused_ || Full()) return;
  paused_ = false;
  std::string input = std::exchange(input_, {});
  input.erase(0, Consume(input));
  input_ = std::move(input);
  if (!paused_) socket_->Resume();
}

// The interim answer may not overtake the answers to earlier requests.
void Connection::MeetExpectation() {
  if (expectation_met_ || !exchanges_.empty() || !parser_.head_done() ||
      parser_.done() || !parser_.head().expects_continue) {
    return;
  }
  expectation_met_ = true;
  if (parser_.body().empty()) writer_->Append("HTTP/1.1 100 Continue\r\n\r\n");
}

void Connection::Dispatch() {
  RequestHead& head = parser_.head();
  auto exchange = std::make_shared<Exchange>();
  exchange->form.head_only = head.method == "HEAD";
  exchange->form.http10 = head.minor_version == 0;
  exchange->form.keep_alive = head.keep_alive;
  if (!head.keep_alive || host_->draining()) phase_ = Phase::kLast;

  if (host_->cors() != nullptr) {
    exchange->cors = Cors::AskedBy(head.method, head.headers);
  }
  Request request;
  absl::StatusOr<RequestTarget> target =
      head.method == "CONNECT"
          ? absl::UnimplementedError("CONNECT is not served")
          : ParseTarget(head.target);
  if (target.ok()) {
    request.path = std::move(target->path);
    request.query = std::move(target->query);
  } else {
    exchange->response = ErrorResponse(target.status());
  }
  request.method = std::move(head.method);
  request.headers = std::move(head.headers);
  request.body = std::move(parser_.body());
  request.peer = peer_;
  if (secured_ != nullptr) request.peer_subject = secured_->peer_subject();
  request.signal = exchange->abort.signal();
  parser_.Reset();
  expectation_met_ = false;
  exchanges_.push_back(exchange);
  if (exchange->response) return Flush();
  Run(std::move(exchange), std::move(request));
}

void Connection::Run(std::shared_ptr<Exchange> exchange, Request&& request) {
  exchange->path = request.path;
  Promise<Response> answer = Route(host_->router(), std::move(request));
  if (answer.settled()) return Answer(*exchange, answer);
  Await(shared_from_this(), std::move(exchange), std::move(answer)).Detach();
}

// Never rejects; exchanges_ has what it waits for.
Promise<void> Connection::Await(std::shared_ptr<Connection> self,
                                std::shared_ptr<Exchange> exchange,
                                Promise<Response> answer) {
  try {
    co_await answer;
  } catch (...) {
  }
  self->Answer(*exchange, answer);
}

// `answer` is settled.
void Connection::Answer(Exchange& exchange, const Promise<Response>& answer) {
  if (!answer.rejected()) {
    exchange.response = std::move(answer.value());
    return Flush();
  }
  const absl::Status status = StatusFrom(answer.error());
  exchange.response = ErrorResponse(status);
  if (host_ != nullptr && exchange.response->status >= 500) {
    host_->logger().Error("HTTP request failed",
                          {{"path", exchange.path},
                           {"peer", peer_},
                           {"error", status.ToString()}});
  }
  Flush();
}

// Sends the answers that are ready, in order.
void Connection::Flush() {
  while (phase_ != Phase::kClosed && !exchanges_.empty() && !sending_stream_ &&
         exchanges_.front()->response) {
    Exchange& exchange = *exchanges_.front();
    const bool streamed =
        std::holds_alternative<Stream<std::string>>(exchange.response->body);
    const bool last = phase_ != Phase::kOpen && exchanges_.size() == 1;
    const bool keep_alive = exchange.form.keep_alive && !last &&
                            !(streamed && exchange.form.http10);
    if (!keep_alive) phase_ = Phase::kLast;
    Send(exchange, keep_alive);
    sending_stream_ = writer_->streaming();
    if (!sending_stream_) exchanges_.pop_front();
    if (!keep_alive && exchanges_.size() > (sending_stream_ ? 1 : 0)) {
      AbortExchanges(absl::CancelledError("the connection ends before"));
      exchanges_.resize(sending_stream_ ? 1 : 0);
    }
  }
  if (phase_ == Phase::kClosed) return;
  if (exchanges_.empty() && !parser_.started()) since_ = host_->now();
  ReadOn();
  CloseIfDone();
}

void Connection::Send(Exchange& exchange, bool keep_alive) {
  host_->metrics().Answered(
      exchange.response->status,
      absl::FromChrono(std::chrono::steady_clock::now() - exchange.since));
  if (host_->cors() != nullptr) {
    host_->cors()->Complete(exchange.cors, &*exchange.response);
  }
  if (!host_->hsts().empty()) {
    exchange.response->headers.Set("Strict-Transport-Security", host_->hsts());
  }
  ResponseForm form = exchange.form;
  form.keep_alive = keep_alive;
  const absl::Status status =
      writer_->Send(*std::move(exchange.response), form, host_->date());
  exchange.response.reset();
  if (status.ok()) return;
  host_->logger().Error(
      "HTTP response is malformed",
      {{"path", exchange.path}, {"error", status.ToString()}});
  (void)writer_->Send(ErrorResponse(status), form, host_->date());
}

// For requests that cannot be read: what follows them cannot be, either.
void Connection::Fail(int status, std::string_view message) {
  auto exchange = std::make_shared<Exchange>();
  exchange->form.keep_alive = false;
  exchange->response = ErrorResponse(status, CodeForHttp(status), message);
  if (host_->cors() != nullptr) {
    exchange->cors = Cors::AskedBy("", parser_.head().headers);
  }
  host_->logger().Debug(
      "HTTP request refused",
      {{"peer", peer_}, {"status", status}, {"reason", message}});
  phase_ = Phase::kLast;
  unread_ = true;
  exchanges_.push_back(std::move(exchange));
  Flush();
}

void Connection::OnProgress() {
  if (phase_ == Phase::kClosed) return;
  if (sending_stream_ && !writer_->streaming()) {
    sending_stream_ = false;
    exchanges_.pop_front();
  }
  Flush();
}

void Connection::OnBroken(const absl::Status& reason) {
  if (phase_ == Phase::kClosed) return;
  host_->logger().Warning("HTTP response cut short",
                          {{"peer", peer_}, {"error", reason.ToString()}});
  Cut(reason);
}

void Connection::CloseIfDone() {
  if (phase_ == Phase::kOpen || phase_ == Phase::kClosed) return;
  if (!exchanges_.empty() || !writer_->idle()) return;
  if (unread_ && !peer_ended_) {
    if (phase_ == Phase::kLingering) return;
    phase_ = Phase::kLingering;
    since_ = host_->now();
    socket_->End();
    return;
  }
  phase_ = Phase::kClosed;
  socket_->Close();
}

void Connection::OnEnd() {
  peer_ended_ = true;
  if (phase_ == Phase::kClosed) return;
  if (phase_ == Phase::kOpen) phase_ = Phase::kLast;
  AbortExchanges(absl::CancelledError("the client closed the connection"));
  CloseIfDone();
}

void Connection::OnClosed() {
  phase_ = Phase::kClosed;
  AbortExchanges(absl::CancelledError("the client is gone"));
  writer_->Stop();
  exchanges_.clear();
  if (host_ != nullptr) std::exchange(host_, nullptr)->Closed(this);
}

void Connection::Drain() {
  if (phase_ != Phase::kOpen || parser_.started()) return;
  phase_ = Phase::kLast;
  CloseIfDone();
}

void Connection::Cut(const absl::Status& reason) {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  AbortExchanges(reason);
  writer_->Stop();
  socket_->Close();
}

void Connection::Detach() {
  host_ = nullptr;
  Cut(absl::CancelledError("the server is gone"));
  socket_->OnData({});
  socket_->OnEnd({});
  socket_->OnClose({});
}

void Connection::AbortExchanges(const absl::Status& reason) {
  // What listens to a signal may do anything, also to this connection.
  const auto exchanges = exchanges_;
  for (const std::shared_ptr<Exchange>& exchange : exchanges) {
    exchange->abort.Abort(reason);
  }
}

void Connection::CheckTime() {
  if (phase_ == Phase::kClosed) return;
  const absl::Duration now = host_->now();
  const size_t pending = writer_->pending();
  if (pending == 0 || pending != last_pending_) {
    last_pending_ = pending;
    progress_at_ = now;
  } else if (now - progress_at_ > host_->options().send_timeout) {
    return Cut(absl::DeadlineExceededError(
        "the client does not read the response (send_timeout)"));
  }
  if (phase_ == Phase::kLingering && now - since_ > kLinger) {
    phase_ = Phase::kClosed;
    socket_->Close();
  } else if (phase_ == Phase::kOpen) {
    CheckRequestTime(now);
  }
}

void Connection::CheckRequestTime(absl::Duration now) {
  const ServerOptions& options = host_->options();
  if (!parser_.started()) {
    if (exchanges_.empty() && writer_->idle() &&
        now - since_ > options.idle_timeout) {
      phase_ = Phase::kClosed;
      socket_->Close();
    }
  } else if (!parser_.head_done()) {
    if (now - since_ > options.header_timeout) {
      Fail(408, StrCat("the request's header did not arrive within ",
                       absl::FormatDuration(options.header_timeout),
                       " (header_timeout)"));
    }
  } else if (now - since_ > options.body_timeout) {
    Fail(408,
         StrCat("the request's body did not arrive within ",
                absl::FormatDuration(options.body_timeout), " (body_timeout)"));
  }
}

}  // namespace millrace::http
