// The services that every gRPC server here has: health and reflection. Loop
// thread only.
#ifndef MILLRACE_RPC_BUILTIN_H_
#define MILLRACE_RPC_BUILTIN_H_

#include <string>
#include <vector>

#include "contract/dispatcher.h"
#include "rpc/health.h"
#include "rpc/reflection.h"

namespace millrace::rpc {

class BuiltinServices {
 public:
  // Reports on the services of `served`.
  explicit BuiltinServices(const Dispatcher& served);

  HealthService& health() { return health_; }
  Dispatcher& dispatcher() { return dispatcher_; }

 private:
  std::vector<ServiceBinding> Bindings();

  HealthService health_;
  ReflectionService reflection_;
  DirectDispatcher dispatcher_;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_BUILTIN_H_
