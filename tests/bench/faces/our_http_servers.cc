#include "tests/bench/faces/our_http_servers.h"

#include <string>

#include "base/logger.h"
#include "base/metrics.h"
#include "base/status.h"
#include "contract/dispatcher.h"
#include "http/connect.h"
#include "http/router.h"
#include "http/server.h"
#include "loop/event_loop.h"
#include "tests/bench/faces/echo.h"
#include "tests/bench/support/server_process.h"

namespace millrace::bench {
namespace {

void Serve(EventLoop& loop, Dispatcher& dispatcher, Metrics& metrics,
           const std::string& token) {
  NullLogger logger;
  http::Router router;
  router.Get("/hello", [](http::Request) {
    return Promise<http::Response>::Resolve(
        http::Response::Json(200, R"({"text":"hello"})"));
  });
  http::MountRpc(router, dispatcher);
  const auto server = ValueOrThrow(http::Server::Start(
      loop, http::ServerOptions(), router, logger, metrics));
  TellPort(server->port(), token);
  loop.Run();
}

}  // namespace

void RunHttpServer() {
  EventLoop loop;
  Echo echo;
  DirectDispatcher dispatcher({test::BindEcho(echo)});
  NullMetrics metrics;
  Serve(loop, dispatcher, metrics, "");
}

void RunHttpPipelineServer() {
  EventLoop loop;
  EchoPipeline echo;
  Serve(loop, echo.pipeline(), echo.metrics(), echo.Token());
}

}  // namespace millrace::bench
