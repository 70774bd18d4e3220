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
#include "services/users/keyring.h"
#include "services/users/module.h"

namespace millrace::testing {
namespace {

using runtime::Config;

// One unary call on a channel of its own. Blocks: for other threads.
absl::StatusCode CallByGrpc(const std::string& address,
                            const std::string& method, const std::string& bytes,
                            const std::string& token) {
  grpc::GenericStub stub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  if (!token.empty()) {
    context.AddMetadata("authorization", StrCat("Bearer ", token));
  }
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(20));
  grpc::CompletionQueue queue;
  const grpc::Slice slice(bytes);
  grpc::ByteBuffer reply;
  grpc::Status status;
  auto call = stub.PrepareUnaryCall(&context, method,
                                    grpc::ByteBuffer(&slice, 1), &queue);
  call->StartCall();
  call->Finish(&reply, &status, nullptr);
  void* tag;
  bool ok;
  queue.Next(&tag, &ok);
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return static_cast<absl::StatusCode>(status.error_code());
}

// Of the Connect protocol's names, those that tests here meet.
absl::StatusCode CodeOf(const std::string& answer) {
  if (answer.starts_with("HTTP/1.1 200 ")) return absl::StatusCode::kOk;
  const std::pair<const char*, absl::StatusCode> kCodes[] = {
      {"unauthenticated", absl::StatusCode::kUnauthenticated},
      {"permission_denied", absl::StatusCode::kPermissionDenied},
      {"unavailable", absl::StatusCode::kUnavailable},
      {"not_found", absl::StatusCode::kNotFound}};
  for (const auto& [name, code] : kCodes) {
    if (answer.find(StrCat("\"code\":\"", name, "\"")) != answer.npos) {
      return code;
    }
  }
  return absl::StatusCode::kUnknown;
}

}  // namespace

Platform::Platform() {
  Config config;
  config.add_services("users");
  config.set_data_dir(dir_ / "users");
  config.mutable_identity()->set_jwks("local");
  users_ = Start(config, users::NewModule);
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
  greeter_ = Start(config, runtime::NewGreeter());
  return *greeter_;
}

Platform::~Platform() {
  if (greeter_ != nullptr) {
    static_cast<void>(runtime::Settle(loop_, greeter_->Drain()));
  }
  static_cast<void>(runtime::Settle(loop_, users_->Drain()));
}

std::unique_ptr<runtime::Host> Platform::Start(Config config,
                                               runtime::ModuleFactory module) {
  config.mutable_http()->set_port(0);
  config.mutable_grpc()->set_port(0);
  runtime::HostOptions options;
  options.config = config;
  options.modules = {std::move(module)};
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
                                const std::string& token) {
  const std::string address = host.grpc_address();
  return *runtime::Settle(loop_,
                          loop_.workers().Run([address, method, bytes, token] {
                            return CallByGrpc(address, method, bytes, token);
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

}  // namespace millrace::testing
