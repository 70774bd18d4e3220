// Who needs whom: the order in which modules start, and where each finds what
// it needs. Pure.
#ifndef MILLRACE_RUNTIME_WIRING_H_
#define MILLRACE_RUNTIME_WIRING_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/module.h"

namespace millrace::runtime {

struct WiredNeed {
  const ServiceInfo* service = nullptr;
  int provider = -1;   // index of a module of this process, or -1:
  std::string remote;  // host:port
};

struct Wiring {
  // Indices, each behind all that it needs.
  std::vector<int> order;
  // By module.
  std::vector<std::vector<WiredNeed>> needs;
};

// `remote` is host:port by package: "users" for users.v1.UsersService. A module
// of this process comes first. INVALID_ARGUMENT with all mistakes, one per
// line: a need that nobody provides, a cycle with its chain, a service that two
// modules provide, two modules of one name.
absl::StatusOr<Wiring> Wire(const std::vector<const Module*>& modules,
                            const std::map<std::string, std::string>& remote);

// "users" for "users.v1.UsersService".
std::string PackageOf(const ServiceInfo& service);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_WIRING_H_
