// gRPC server reflection, v1 and v1alpha: lets grpcurl and its like discover
// the services and message types of this process. Loop thread only.
#ifndef MILLRACE_RPC_REFLECTION_H_
#define MILLRACE_RPC_REFLECTION_H_

#include <memory>
#include <string>
#include <vector>

#include "contract/service.h"

namespace millrace::rpc {

class ReflectionService {
 public:
  // The services to list. Their types, and all that is linked in, are looked
  // up in protobuf's generated pool.
  explicit ReflectionService(std::vector<std::string> services);

  // For v1 and v1alpha; valid as long as this object.
  std::vector<ServiceBinding> bindings();

 private:
  std::shared_ptr<const std::vector<std::string>> services_;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_REFLECTION_H_
