#include "tests/bench/faces/our_servers.h"

#include <string>

#include "base/logger.h"
#include "base/metrics.h"
#include "base/status.h"
#include "contract/dispatcher.h"
#include "loop/event_loop.h"
#include "rpc/engine.h"
#include "rpc/server.h"
#include "tests/bench/faces/echo.h"
#include "tests/bench/support/server_process.h"

namespace millrace::bench {
namespace {

void Serve(rpc::Engine& engine, Dispatcher& dispatcher, Metrics& metrics,
           const std::string& token) {
  NullLogger logger;
  const auto server = ValueOrThrow(rpc::Server::Start(
      engine, rpc::ServerOptions(), dispatcher, logger, metrics));
  TellPort(server->port(), token);
  engine.loop().Run();
}

}  // namespace

void RunBareServer() {
  EventLoop loop;
  rpc::Engine engine(loop);
  Echo echo;
  DirectDispatcher dispatcher({test::BindEcho(echo)});
  NullMetrics metrics;
  Serve(engine, dispatcher, metrics, "");
}

void RunPipelineServer() {
  EventLoop loop;
  rpc::Engine engine(loop);
  EchoPipeline echo;
  Serve(engine, echo.pipeline(), echo.metrics(), echo.Token());
}

}  // namespace millrace::bench
