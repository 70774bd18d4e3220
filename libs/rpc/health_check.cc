#include "rpc/health_check.h"

#include "base/status.h"
#include "base/strings.h"
#include "grpc/health/v1/health.pb.h"

namespace millrace::rpc {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

constexpr MethodInfo kCheck = {
    .name = "Check",
    .path = "/grpc.health.v1.Health/Check",
    .kind = MethodKind::kUnary,
    .response = +[]() -> const Message& {
      return HealthCheckResponse::default_instance();
    },
};

}  // namespace

Promise<void> CheckServing(Channel& channel, const Call& call,
                           std::string service) {
  HealthCheckRequest request;
  request.set_service(std::move(service));
  const MessagePtr reply = co_await channel.Unary(kCheck, call, request);
  const auto status = static_cast<const HealthCheckResponse&>(*reply).status();
  if (status != HealthCheckResponse::SERVING) {
    Throw(absl::UnavailableError(StrCat(
        "the process says ", HealthCheckResponse::ServingStatus_Name(status),
        "; its /readyz tells what it waits for")));
  }
}

}  // namespace millrace::rpc
