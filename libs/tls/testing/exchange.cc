#include "tls/testing/exchange.h"

#include <utility>

#include "loop/combinators.h"

namespace millrace::tls {

Promise<std::shared_ptr<Connection>> Dial(EventLoop& loop,
                                          std::shared_ptr<Credentials> as,
                                          int port) {
  std::shared_ptr<TcpConnection> socket =
      co_await TcpConnection::Connect(loop, "127.0.0.1", port);
  ConnectOptions options;
  options.host = "localhost";
  co_return co_await Connect(loop, as->current(), std::move(socket),
                             std::move(options));
}

Promise<std::string> Exchange(EventLoop& loop, std::shared_ptr<Credentials> as,
                              int port, std::string text) {
  const std::shared_ptr<Connection> connection =
      co_await Dial(loop, std::move(as), port);
  std::string answer;
  Deferred<void> ended;
  connection->OnData([&answer](std::string_view bytes) { answer += bytes; });
  connection->OnEnd([ended] { ended.Resolve(); });
  connection->OnClose([ended](const absl::Status& status) {
    if (status.ok()) {
      ended.Resolve();
    } else {
      ended.Reject(status);
    }
  });
  co_await connection->Write(std::move(text));
  co_await ended.promise();
  connection->OnData({});
  co_return answer;
}

}  // namespace millrace::tls
