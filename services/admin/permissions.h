// The permissions there are: those that the platform's contracts ask for. No
// others can be granted. Pure.
//
// A name is "<service>.<resource>.<verb>". "<service>.*" stands for all of a
// service, "*" for everything (contract/access.h). Names are kept in tokens and
// in the audit trail, so one that was used must not get another meaning.
#ifndef MILLRACE_SERVICES_ADMIN_PERMISSIONS_H_
#define MILLRACE_SERVICES_ADMIN_PERMISSIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "contract/service.h"
#include "services/admin/access.h"

namespace millrace::admin {

struct Permission {
  std::string name;
  std::string description;  // the methods that it opens
};

class PermissionCatalogue {
 public:
  explicit PermissionCatalogue(const std::vector<const ServiceInfo*>& services);

  // In the order of their names, without those that stand for several.
  const std::vector<Permission>& all() const { return permissions_; }

  // INVALID_ARGUMENT with every name that is none, and with the nearest that
  // is. `field` is where the names stand in the request.
  absl::Status Check(const Names& names, std::string_view field) const;

 private:
  bool Knows(std::string_view name) const;

  std::vector<Permission> permissions_;
};

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_PERMISSIONS_H_
