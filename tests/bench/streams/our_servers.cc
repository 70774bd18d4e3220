#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/status.h"
#include "http/server.h"
#include "http/sse.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "rpc/engine.h"
#include "rpc/server.h"
#include "rpc/testdata/echo_service.h"
#include "runtime/pipeline.h"
#include "tests/bench/streams/servers.h"
#include "tests/bench/support/server_process.h"

namespace millrace::bench {
namespace {

using test::EchoReply;
using test::EchoRequest;

// The writers of all open streams, which take turns.
template <typename T>
class Broadcast {
 public:
  explicit Broadcast(T message) : message_(std::move(message)) {
    EventLoop::Current()
        ->SetInterval(absl::FromChrono(kTick), [this] { Tick(); })
        .Unref();
  }

  Stream<T> Open() {
    Pipe<T> pipe = MakePipe<T>(1);
    Say(pipe.writer);
    writers_.push_back(std::move(pipe.writer));
    return std::move(pipe.stream);
  }

 private:
  // Who leaves, or does not read, needs no news.
  void Say(StreamWriter<T>& writer) {
    static_cast<void>(AsStatusOr(writer.Write(T(message_))));
  }
  void Tick() {
    for (int i = 0; i < kPerTick && !writers_.empty(); ++i) {
      next_ = (next_ + 1) % writers_.size();
      Say(writers_[next_]);
    }
  }

  const T message_;
  std::vector<StreamWriter<T>> writers_;
  size_t next_ = 0;
};

EchoReply Hello() {
  EchoReply reply;
  reply.set_text("hello");
  return reply;
}

class Echo final : public test::EchoService {
 public:
  Promise<EchoReply> Say(const Call&, const EchoRequest&) override {
    return Promise<EchoReply>::Resolve(Hello());
  }
  Stream<EchoReply> Count(const Call&, const EchoRequest&) override {
    return broadcast_.Open();
  }
  Promise<EchoReply> Join(const Call&, Stream<EchoRequest>) override {
    return Promise<EchoReply>::Resolve(Hello());
  }
  Stream<EchoReply> Talk(const Call&, Stream<EchoRequest>) override {
    return Stream<EchoReply>::Empty();
  }

 private:
  Broadcast<EchoReply> broadcast_{Hello()};
};

}  // namespace

void RunOurStreams() {
  EventLoop loop;
  rpc::Engine engine(loop);
  std::unique_ptr<Echo> echo;
  loop.Dispatch([&] { echo = std::make_unique<Echo>(); });
  NullLogger logger;
  NullMetrics metrics;
  SystemClock clock;
  // As a service has it: with the pipeline before its handlers.
  runtime::PipelineOptions options;
  options.log = runtime::CallLog::kNone;
  runtime::Pipeline pipeline({&test::EchoService::Info()}, options, clock,
                             logger, metrics);
  ThrowIfError(pipeline.Open(test::BindEcho(*echo)));
  const auto server = ValueOrThrow(rpc::Server::Start(
      engine, rpc::ServerOptions(), pipeline, logger, metrics));
  TellPort(server->port());
  loop.Run();
}

void RunOurEvents() {
  EventLoop loop;
  NullLogger logger;
  NullMetrics metrics;
  std::unique_ptr<Broadcast<std::string>> events;
  loop.Dispatch([&] {
    http::SseEvent event;
    event.data = "hello";
    events = std::make_unique<Broadcast<std::string>>(http::FormatSse(event));
  });
  http::Router router;
  router.Get("/", [](http::Request) {
    return Promise<http::Response>::Resolve(http::Response::Text(200, "hello"));
  });
  router.Get("/events", [&](http::Request) {
    return Promise<http::Response>::Resolve(http::SseResponse(events->Open()));
  });
  http::ServerOptions options;
  options.max_connections = 1'000'000;
  const auto server =
      ValueOrThrow(http::Server::Start(loop, options, router, logger, metrics));
  TellPort(server->port());
  loop.Run();
}

}  // namespace millrace::bench
