#include "rpc/builtin.h"

namespace millrace::rpc {
namespace {

std::vector<std::string> Names(const Dispatcher& served) {
  std::vector<std::string> names;
  for (const ServiceBinding& binding : served.services()) {
    names.emplace_back(binding.info->full_name);
  }
  return names;
}

std::vector<std::string> With(std::vector<std::string> names,
                              std::string name) {
  names.push_back(std::move(name));
  return names;
}

}  // namespace

BuiltinServices::BuiltinServices(const Dispatcher& served)
    : health_(Names(served)),
      reflection_(With(Names(served), "grpc.health.v1.Health")),
      dispatcher_(Bindings()) {}

std::vector<ServiceBinding> BuiltinServices::Bindings() {
  std::vector<ServiceBinding> bindings = reflection_.bindings();
  bindings.push_back(health_.binding());
  return bindings;
}

}  // namespace millrace::rpc
