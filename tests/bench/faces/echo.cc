#include "tests/bench/faces/echo.h"

#include "absl/time/clock.h"
#include "base/status.h"

namespace millrace::bench {
namespace {

using test::EchoReply;
using test::EchoRequest;

constexpr char kName[] = "millrace";
// More than a machine can handle: limits are looked at, and refuse nothing.
constexpr runtime::TokenRate kPlenty = {.tokens = 1'000'000};

absl::Status CheckText(const Message& message) {
  const auto& request = static_cast<const EchoRequest&>(message);
  return request.text().size() <= 1000
             ? absl::OkStatus()
             : absl::InvalidArgumentError("text: at most 1000 bytes");
}

}  // namespace

Promise<EchoReply> Echo::Say(const Call&, const EchoRequest& request) {
  EchoReply reply;
  reply.set_text(request.text());
  co_return reply;
}

Stream<EchoReply> Echo::Count(const Call&, const EchoRequest&) {
  return Stream<EchoReply>::Empty();
}

Promise<EchoReply> Echo::Join(const Call&, Stream<EchoRequest>) {
  co_return EchoReply();
}

Stream<EchoReply> Echo::Talk(const Call&, Stream<EchoRequest>) {
  return Stream<EchoReply>::Empty();
}

EchoPipeline::Guarded::Guarded() : methods{test::SayMethod()} {
  methods[0].validate = CheckText;
  methods[0].access.authenticated = true;
  const ServiceInfo& echo = test::EchoService::Info();
  info = {echo.full_name, methods, echo.file};
}

EchoPipeline::EchoPipeline()
    : key_(ValueOrThrow(tokens::Key::Generate(tokens::Algorithm::kEdDsa))),
      keys_([this] { return tokens::KeySet({key_}); }),
      identity_(keys_, {.issuer = kName, .audience = kName}, clock_, logger_),
      limiter_({.by_address = kPlenty, .by_subject = kPlenty}, 65536, metrics_),
      spans_(10'000),
      pipeline_({&guarded_.info}, Options(), clock_, logger_, metrics_) {
  ThrowIfError(pipeline_.Open(
      {&guarded_.info, static_cast<test::EchoService*>(&echo_)}));
}

runtime::PipelineOptions EchoPipeline::Options() {
  runtime::PipelineOptions options;
  options.log = runtime::CallLog::kNone;
  options.prepare = [this](const IncomingCall& call) {
    return identity_.Prepare(call);
  };
  options.identify = [this](const IncomingCall& call) {
    return identity_.Identify(call);
  };
  options.check_access = true;
  options.limiter = &limiter_;
  options.spans = &spans_;
  return options;
}

std::string EchoPipeline::Token() const {
  const absl::Time now = absl::Now();
  tokens::Claims claims;
  claims.issuer = kName;
  claims.audience = {kName};
  claims.subject = "ada";
  claims.issued_at = now;
  claims.expiry = now + absl::Hours(1);
  return ValueOrThrow(tokens::IssueToken(key_, claims));
}

}  // namespace millrace::bench
