#include "tools/millrace/health_command.h"

#include <memory>
#include <string>

#include "base/status.h"
#include "base/strings.h"
#include "contract/service.h"
#include "grpc/health/v1/health.pb.h"
#include "tools/millrace/client.h"

namespace millrace::cli {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

struct HealthFlags {
  ClientOptions client{.timeout = absl::Seconds(3)};
  std::string service;
};

constexpr MethodInfo kCheck = {
    .name = "Check",
    .path = "/grpc.health.v1.Health/Check",
    .kind = MethodKind::kUnary,
    .response = +[]() -> const Message& {
      return HealthCheckResponse::default_instance();
    },
};

Promise<void> Check(const HealthFlags& flags, Channel& channel,
                    const Call& call) {
  HealthCheckRequest request;
  request.set_service(flags.service);
  const MessagePtr reply = co_await channel.Unary(kCheck, call, request);
  const auto status = static_cast<const HealthCheckResponse&>(*reply).status();
  if (status != HealthCheckResponse::SERVING) {
    Throw(absl::UnavailableError(
        StrCat(flags.client.target, " says ",
               HealthCheckResponse::ServingStatus_Name(status),
               "; its /readyz tells what it waits for")));
  }
}

}  // namespace

void AddHealth(CLI::App* app, int* code) {
  auto flags = std::make_shared<HealthFlags>();
  CLI::App* health = app->add_subcommand(
      "health", "Tell by the exit code whether a process is ready");
  health
      ->add_option("--grpc", flags->client.target,
                   "The gRPC address of a running process")
      ->envname("MILLRACE_TARGET")
      ->capture_default_str();
  health->add_option("--service", flags->service,
                     "Only this service, as in users.v1.UsersService");
  health->callback([flags, code] {
    *code =
        RunClient(flags->client, [flags](Channel& channel, const Call& call) {
          return Check(*flags, channel, call);
        });
  });
}

}  // namespace millrace::cli
