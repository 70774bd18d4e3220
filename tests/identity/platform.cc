#include "tests/identity/platform.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/time/clock.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/worker_pool.h"
#include "runtime/testdata/sample_modules.h"
#include "services/admin/module.h"
#include "services/templates/module.h"
#include "services/users/keyring.h"
#include "services/users/module.h"
#include "tokens/jwt.h"

namespace millrace::testing {
namespace {

using runtime::Config;

// Waits for the one operation that was begun; whether it went well.
bool Next(grpc::CompletionQueue& queue) {
  void* tag;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok;
}

// One call with one message on a channel of its own. Blocks: for other threads.
absl::StatusCode CallByGrpc(const std::string& address,
                            const std::string& method, const std::string& bytes,
                            const std::string& token, absl::Duration timeout) {
  grpc::GenericStub stub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  if (!token.empty()) {
    context.AddMetadata("authorization", StrCat("Bearer ", token));
  }
  context.set_deadline(std::chrono::system_clock::now() +
                       absl::ToChronoMilliseconds(timeout));
  grpc::CompletionQueue queue;
  const grpc::Slice slice(bytes);
  grpc::ByteBuffer reply;
  grpc::Status status;
  auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  bool answered = false;
  if (Next(queue)) {
    call->WriteLast(grpc::ByteBuffer(&slice, 1), {}, nullptr);
    Next(queue);
    call->Read(&reply, nullptr);
    answered = Next(queue);
    if (answered) context.TryCancel();
  }
  call->Finish(&status, nullptr);
  Next(queue);
  queue.Shutdown();
  while (Next(queue)) {
  }
  return answered ? absl::StatusCode::kOk
                  : static_cast<absl::StatusCode>(status.error_code());
}

// Of the Connect protocol's names, those that tests here meet.
absl::StatusCode CodeOf(const std::string& answer) {
  if (answer.starts_with("HTTP/1.1 200 ")) return absl::StatusCode::kOk;
  const std::pair<const char*, absl::StatusCode> kCodes[] = {
      {"unauthenticated", absl::StatusCode::kUnauthenticated},
      {"permission_denied", absl::StatusCode::kPermissionDenied},
      {"unavailable", absl::StatusCode::kUnavailable},
      {"invalid_argument", absl::StatusCode::kInvalidArgument},
      {"failed_precondition", absl::StatusCode::kFailedPrecondition},
      {"not_found", absl::StatusCode::kNotFound}};
  for (const auto& [name, code] : kCodes) {
    if (answer.find(StrCat("\"code\":\"", name, "\"")) != answer.npos) {
      return code;
    }
  }
  return absl::StatusCode::kUnknown;
}

}  // namespace

Platform::Platform() : Platform(Config(), {users::NewModule}) {}

Platform::Platform(Config config, std::vector<runtime::ModuleFactory> modules) {
  for (const runtime::ModuleFactory& module : modules) {
    config.add_services(std::string(module()->name()));
  }
  config.set_data_dir(dir_ / "users");
  config.mutable_identity()->set_jwks("local");
  users_ = Start(std::move(config), std::move(modules));
}

std::unique_ptr<Platform> Platform::WithAccess() {
  Config config;
  config.mutable_identity()->set_access(true);
  return std::unique_ptr<Platform>(
      new Platform(std::move(config),
                   {users::NewModule, admin::NewModule, templates::Modules()}));
}

runtime::Host& Platform::greeter() {
  if (greeter_ != nullptr) return *greeter_;
  Config config;
  config.add_services("greeter");
  config.set_data_dir(dir_ / "greeter");
  // A loop has one watchdog, and that is the users service's.
  config.mutable_loop()->set_budget("0s");
  config.mutable_identity()->set_jwks(
      StrCat("http://", users_->http_address(), "/.well-known/jwks.json"));
  greeter_ = Start(config, {runtime::NewGreeter()});
  return *greeter_;
}

Platform::~Platform() {
  if (greeter_ != nullptr) {
    static_cast<void>(runtime::Settle(loop_, greeter_->Drain()));
  }
  static_cast<void>(runtime::Settle(loop_, users_->Drain()));
}

std::unique_ptr<runtime::Host> Platform::Start(
    Config config, std::vector<runtime::ModuleFactory> modules) {
  config.mutable_http()->set_port(0);
  config.mutable_grpc()->set_port(0);
  runtime::HostOptions options;
  options.config = config;
  options.modules = std::move(modules);
  options.logger = [this](const std::string&) -> Logger& { return logger_; };
  auto host = ValueOrThrow(runtime::Host::Create(
      loop_, users_ == nullptr ? metrics_ : greeter_metrics_,
      std::move(options)));
  ThrowIfError(runtime::Settle(loop_, host->Start()));
  return host;
}

absl::StatusCode Platform::Http(runtime::Host& host, const std::string& method,
                                const std::string& json,
                                const std::string& token) {
  const int port = runtime::PortOf(host.http_address());
  const std::string headers =
      token.empty() ? "" : StrCat("authorization: Bearer ", token, "\r\n");
  const auto answer =
      runtime::Settle(loop_, loop_.workers().Run([port, method, json, headers] {
        return runtime::HttpExchange(port, "POST", method, json, "*/*",
                                     headers);
      }));
  return answer.ok() ? CodeOf(*answer) : answer.status().code();
}

absl::StatusCode Platform::Grpc(runtime::Host& host, const std::string& method,
                                const std::string& bytes,
                                const std::string& token,
                                absl::Duration timeout) {
  const std::string address = host.grpc_address();
  return *runtime::Settle(
      loop_, loop_.workers().Run([address, method, bytes, token, timeout] {
        return CallByGrpc(address, method, bytes, token, timeout);
      }));
}

std::string Platform::Get(runtime::Host& host, const std::string& path) {
  const int port = runtime::PortOf(host.http_address());
  return *runtime::Settle(loop_, loop_.workers().Run([port, path] {
    return runtime::HttpExchange(port, "GET", path);
  }));
}

tokens::Key Platform::SigningKey() {
  NullMetrics metrics;
  const SystemClock clock;
  const auto database = ValueOrThrow(store::Database::Open(
      loop_, {.url = StrCat("sqlite://", dir_ / "users", "/users.db")}, logger_,
      metrics));
  users::Keyring keyring(*database, clock, logger_, {});
  ThrowIfError(runtime::Settle(loop_, keyring.Load()));
  ThrowIfError(runtime::Settle(loop_, database->Close()));
  return ValueOrThrow(keyring.Current());
}

tokens::Claims Platform::GoodClaims() {
  return {.issuer = "millrace",
          .subject = NewId(),
          .audience = {"millrace"},
          .expiry = absl::Now() + absl::Minutes(15)};
}

std::map<std::string, std::string> Platform::BadTokens() {
  using tokens::Claims;
  using tokens::IssueToken;
  using tokens::Key;
  const Key key = SigningKey();
  std::map<std::string, std::string> bad;
  Claims claims = GoodClaims();
  claims.expiry = absl::Now() - absl::Minutes(1);
  bad["expired"] = *IssueToken(key, claims);
  claims = GoodClaims();
  claims.audience = {"billing"};
  bad["audience"] = *IssueToken(key, claims);
  claims = GoodClaims();
  claims.issuer = "somebody";
  bad["issuer"] = *IssueToken(key, claims);
  // From here on whoever signs says that the bearer may do everything.
  claims = GoodClaims();
  claims.permissions = {"*"};
  const Key other = *Key::Generate(tokens::Algorithm::kEdDsa);
  bad["unknown key"] = *IssueToken(other, claims);
  bad["wrong key"] = *IssueToken(other.WithId(key.id()), claims);
  bad["algorithm"] = *IssueToken(
      Key::Generate(tokens::Algorithm::kEs256)->WithId(key.id()), claims);
  bad["no token"] = "x";
  return bad;
}

}  // namespace millrace::testing
