// grpc.health.v1.Health: what load balancers and orchestrators ask before they
// send traffic. Loop thread only.
//
// Check answers NOT_FOUND for a service that is not served here; Watch tells
// SERVICE_UNKNOWN and goes on watching, as the protocol has it.
//
// One name is no service's: kAlive is SERVING whenever the loop answers, also
// while the process waits for what it needs, or drains. Who ends processes that
// hang asks for that; who sends them work asks for "" or for a service.
#ifndef MILLRACE_RPC_HEALTH_H_
#define MILLRACE_RPC_HEALTH_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contract/service.h"

namespace millrace::rpc {

inline constexpr std::string_view kAlive = "alive";

class HealthService {
 public:
  // Every service named here, and "" for all of them, starts as SERVING.
  explicit HealthService(const std::vector<std::string>& services);
  ~HealthService();
  HealthService(const HealthService&) = delete;
  HealthService& operator=(const HealthService&) = delete;

  void SetServing(bool serving);  // of all, "" too
  void SetServing(std::string_view service, bool serving);

  // Reports NOT_SERVING for good, and ends the watches with UNAVAILABLE.
  void Close();

  // Valid as long as this object.
  ServiceBinding binding();

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_HEALTH_H_
