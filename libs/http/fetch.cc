#include "http/fetch.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/status.h"
#include "base/strings.h"
#include "http/serializer.h"
#include "loop/combinators.h"
#include "loop/tcp.h"
#include "loop/wait_note.h"
#include "tls/connection.h"

namespace millrace::http {
namespace {

namespace beast = boost::beast::http;

constexpr uint32_t kMaxHeaderBytes = 16 << 10;

std::string_view ViewOf(boost::beast::string_view text) {
  return std::string_view(text.data(), text.size());
}

// Bytes in, one response out.
class Reader {
 public:
  explicit Reader(size_t max_bytes) {
    parser_.eager(true);
    parser_.body_limit(max_bytes);
    parser_.header_limit(kMaxHeaderBytes);
  }

  void Feed(std::string_view bytes) {
    if (done_.promise().settled()) return;
    buffer_.append(bytes);
    boost::beast::error_code error;
    while (!buffer_.empty() && !parser_.is_done()) {
      const size_t used = parser_.put(
          boost::asio::buffer(buffer_.data(), buffer_.size()), error);
      buffer_.erase(0, used);
      if (error == beast::error::need_more) return;
      if (error) return Fail(error);
    }
    if (parser_.is_done()) Finish();
  }

  // The connection broke: what has come may not be all.
  void Break(const absl::Status& why) {
    if (done_.promise().settled()) return;
    done_.Reject(absl::UnavailableError(
        StrCat("the connection ended before the answer: ", MessageOf(why))));
  }

  // The peer has said everything.
  void End() {
    if (done_.promise().settled()) return;
    boost::beast::error_code error;
    if (parser_.got_some()) parser_.put_eof(error);
    if (error || !parser_.is_done()) {
      return done_.Reject(
          absl::UnavailableError("the connection ended before the answer"));
    }
    Finish();
  }

  Promise<FetchResponse> done() const { return done_.promise(); }

 private:
  void Fail(boost::beast::error_code error) {
    if (error == beast::error::body_limit) {
      return done_.Reject(
          absl::ResourceExhaustedError("the answer is too large"));
    }
    done_.Reject(absl::UnavailableError(
        StrCat("the answer is no HTTP/1.1: ", error.message())));
  }

  void Finish() {
    auto& message = parser_.get();
    FetchResponse response;
    response.status = static_cast<int>(message.result_int());
    for (const auto& field : message) {
      response.headers.Add(ViewOf(field.name_string()), ViewOf(field.value()));
    }
    response.body = std::move(message.body());
    done_.Resolve(std::move(response));
  }

  beast::response_parser<beast::string_body> parser_;
  std::string buffer_;
  Deferred<FetchResponse> done_;
};

std::string RequestText(const HttpUrl& url, const FetchRequest& request) {
  const bool v6 = url.host.find(':') != url.host.npos;
  std::string text = StrCat(request.method, " ", url.target,
                            " HTTP/1.1\r\nHost: ", v6 ? "[" : "", url.host,
                            v6 ? "]" : "", ":", url.port, "\r\n");
  if (!IsToken(request.method)) {
    Throw(absl::InvalidArgumentError(
        StrCat("'", request.method, "' is no method of HTTP")));
  }
  for (const auto& [name, value] : request.headers) {
    if (!IsToken(name) || !IsFieldValue(value)) {
      Throw(absl::InvalidArgumentError(
          StrCat("the header '", name, "' may not be sent like this")));
    }
    StrAppend(&text, name, ": ", value, "\r\n");
  }
  if (!request.body.empty()) {
    StrAppend(&text, "Content-Length: ", request.body.size(), "\r\n");
  }
  StrAppend(&text, "Connection: close\r\n\r\n", request.body);
  return text;
}

Promise<std::shared_ptr<TcpConnection>> Open(EventLoop& loop, HttpUrl url,
                                             FetchOptions options,
                                             AbortSignal signal) {
  std::shared_ptr<TcpConnection> socket =
      co_await TcpConnection::Connect(loop, url.host, url.port, signal);
  if (!url.secure) co_return socket;
  tls::ConnectOptions connect;
  connect.host = url.host;
  connect.handshake_timeout = options.timeout;
  co_return co_await WithSignal(
      tls::Connect(loop, options.tls->current(), std::move(socket),
                   std::move(connect)),
      signal);
}

Promise<FetchResponse> ExchangeUntil(EventLoop& loop, HttpUrl url,
                                     FetchRequest request, FetchOptions options,
                                     AbortSignal signal) {
  // Without the path, which may tell more than is to be shown.
  const WaitNote waits("http", request.method,
                       StrCat(" ", url.host, ":", url.port));
  std::string text = RequestText(url, request);
  if (url.secure && options.tls == nullptr) {
    Throw(absl::InvalidArgumentError(
        StrCat("https://", url.host, " needs certificates to trust")));
  }
  const std::shared_ptr<TcpConnection> connection =
      co_await Open(loop, url, options, signal);
  const auto reader = std::make_shared<Reader>(options.max_bytes);
  connection->OnData([reader](std::string_view bytes) { reader->Feed(bytes); });
  connection->OnEnd([reader] { reader->End(); });
  connection->OnClose([reader](const absl::Status& status) {
    if (status.ok()) {
      reader->End();
    } else {
      reader->Break(status);
    }
  });
  // Waited for from the beginning: it may settle while the request is written.
  Promise<absl::StatusOr<FetchResponse>> done = AsStatusOr(reader->done());
  absl::StatusOr<FetchResponse> response;
  try {
    // Not waited for by itself: who refuses a large body answers before it has
    // read it, and then closes.
    (void)AsStatusOr(connection->Write(std::move(text)));
    response = co_await WithSignal(std::move(done), signal);
  } catch (...) {
    response = StatusFrom(std::current_exception());
  }
  connection->Close();
  co_return ValueOrThrow(std::move(response));
}

}  // namespace

absl::StatusOr<HttpUrl> ParseHttpUrl(std::string_view text) {
  constexpr std::string_view kPlain = "http://", kSecure = "https://";
  const auto wrong = [&](std::string_view why) {
    return absl::InvalidArgumentError(StrCat("'", text, "' ", why));
  };
  HttpUrl url;
  url.secure = text.starts_with(kSecure);
  if (!url.secure && !text.starts_with(kPlain)) {
    return wrong("begins neither with http:// nor with https://");
  }
  if (url.secure) url.port = 443;
  std::string_view rest =
      text.substr(url.secure ? kSecure.size() : kPlain.size());
  const size_t slash = rest.find('/');
  if (slash != rest.npos) url.target = std::string(rest.substr(slash));
  std::string_view host = rest.substr(0, slash);
  for (const char c : text) {
    if (c <= ' ' || c == 0x7F || c == '#' || c == '@') {
      return wrong("has a space, a fragment or a user in it");
    }
  }
  const size_t colon = host.rfind(':');
  const size_t bracket = host.rfind(']');
  if (colon != host.npos && (bracket == host.npos || colon > bracket)) {
    if (!absl::SimpleAtoi(ToAbsl(host.substr(colon + 1)), &url.port) ||
        url.port < 1 || url.port > 65535) {
      return wrong("has no port from 1 to 65535");
    }
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  if (host.empty()) return wrong("names no host");
  url.host = std::string(host);
  return url;
}

Promise<FetchResponse> Exchange(EventLoop& loop, HttpUrl url,
                                FetchRequest request, FetchOptions options) {
  AbortController late;
  Timer timer = loop.SetTimeout(options.timeout, [late]() mutable {
    late.Abort(absl::DeadlineExceededError("the answer took too long"));
  });
  const AbortSubscription left =
      options.signal.OnAbort([late, signal = options.signal]() mutable {
        late.Abort(signal.reason());
      });
  if (options.signal.aborted()) late.Abort(options.signal.reason());
  absl::StatusOr<FetchResponse> response;
  try {
    response = co_await ExchangeUntil(loop, std::move(url), std::move(request),
                                      std::move(options), late.signal());
  } catch (...) {
    response = StatusFrom(std::current_exception());
  }
  timer.Clear();
  co_return ValueOrThrow(std::move(response));
}

Promise<std::string> Fetch(EventLoop& loop, HttpUrl url, FetchOptions options) {
  FetchRequest request;
  request.headers.Add("Accept", "application/json");
  FetchResponse response = co_await Exchange(
      loop, std::move(url), std::move(request), std::move(options));
  if (response.status != 200) {
    Throw(absl::UnavailableError(
        StrCat("the answer has the status ", response.status)));
  }
  co_return std::move(response.body);
}

}  // namespace millrace::http
