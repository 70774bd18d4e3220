#include "tests/bench/faces/our_servers.h"

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/status.h"
#include "contract/dispatcher.h"
#include "contract/rules.h"
#include "loop/event_loop.h"
#include "rpc/engine.h"
#include "rpc/server.h"
#include "rpc/testdata/echo_service.h"
#include "runtime/call_limiter.h"
#include "runtime/pipeline.h"
#include "runtime/prometheus.h"
#include "runtime/span_ring.h"
#include "runtime/token_identity.h"
#include "runtime/token_keys.h"
#include "tests/bench/support/server_process.h"
#include "tokens/jwt.h"

namespace millrace::bench {
namespace {

using test::EchoReply;
using test::EchoRequest;

constexpr char kName[] = "millrace";
// More than a machine can handle: limits are looked at, and refuse nothing.
constexpr runtime::TokenRate kPlenty = {.tokens = 1'000'000};

class Echo final : public test::EchoService {
 public:
  Promise<EchoReply> Say(const Call&, const EchoRequest& request) override {
    EchoReply reply;
    reply.set_text(request.text());
    co_return reply;
  }
  Stream<EchoReply> Count(const Call&, const EchoRequest&) override {
    return Stream<EchoReply>::Empty();
  }
  Promise<EchoReply> Join(const Call&, Stream<EchoRequest>) override {
    co_return EchoReply();
  }
  Stream<EchoReply> Talk(const Call&, Stream<EchoRequest>) override {
    return Stream<EchoReply>::Empty();
  }
};

void Serve(rpc::Engine& engine, Dispatcher& dispatcher, Metrics& metrics,
           const std::string& token) {
  NullLogger logger;
  const auto server = ValueOrThrow(rpc::Server::Start(
      engine, rpc::ServerOptions(), dispatcher, logger, metrics));
  TellPort(server->port(), token);
  engine.loop().Run();
}

absl::Status CheckText(const Message& message) {
  const auto& request = static_cast<const EchoRequest&>(message);
  return request.text().size() <= 1000
             ? absl::OkStatus()
             : absl::InvalidArgumentError("text: at most 1000 bytes");
}

// Echo as a contract that asks for a token and has a rule.
struct Guarded {
  Guarded() {
    methods[0].validate = CheckText;
    methods[0].access.authenticated = true;
  }

  std::array<MethodInfo, 1> methods = {test::SayMethod()};
  ServiceInfo info = {test::EchoService::Info().full_name, methods,
                      test::EchoService::Info().file};
};

std::string TokenOf(const tokens::Key& key) {
  const absl::Time now = absl::Now();
  tokens::Claims claims;
  claims.issuer = kName;
  claims.audience = {kName};
  claims.subject = "ada";
  claims.issued_at = now;
  claims.expiry = now + absl::Hours(1);
  return ValueOrThrow(tokens::IssueToken(key, claims));
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
  Echo echo;
  const Guarded guarded;
  NullLogger logger;
  SystemClock clock;
  runtime::PrometheusMetrics metrics;
  const tokens::Key key =
      ValueOrThrow(tokens::Key::Generate(tokens::Algorithm::kEdDsa));
  runtime::LocalTokenKeys keys([&key] { return tokens::KeySet({key}); });
  runtime::TokenIdentity identity(keys, {.issuer = kName, .audience = kName},
                                  clock, logger);
  runtime::CallLimiter limiter({.by_address = kPlenty, .by_subject = kPlenty},
                               65536, metrics);
  runtime::SpanRing spans(10'000);
  runtime::PipelineOptions options;
  options.log = runtime::CallLog::kNone;
  options.prepare = [&](const IncomingCall& call) {
    return identity.Prepare(call);
  };
  options.identify = [&](const IncomingCall& call) {
    return identity.Identify(call);
  };
  options.check_access = true;
  options.limiter = &limiter;
  options.spans = &spans;
  runtime::Pipeline pipeline({&guarded.info}, options, clock, logger, metrics);
  ThrowIfError(
      pipeline.Open({&guarded.info, static_cast<test::EchoService*>(&echo)}));
  Serve(engine, pipeline, metrics, TokenOf(key));
}

}  // namespace millrace::bench
