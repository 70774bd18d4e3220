#include "services/admin/permissions.h"

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "base/suggest.h"
#include "contract/access.h"
#include "contract/errors.h"

namespace millrace::admin {

PermissionCatalogue::PermissionCatalogue(
    const std::vector<const ServiceInfo*>& services) {
  std::map<std::string, std::string> methods;
  for (const ServiceInfo* service : services) {
    for (const MethodInfo& method : service->methods) {
      if (method.access.permission.empty()) continue;
      std::string& opened = methods[std::string(method.access.permission)];
      StrAppend(&opened, opened.empty() ? "" : ", ", method.path.substr(1));
    }
  }
  for (auto& [name, opened] : methods) {
    permissions_.push_back({name, std::move(opened)});
  }
}

bool PermissionCatalogue::Knows(std::string_view name) const {
  const std::string held[] = {std::string(name)};
  const bool stands_for_some = name.ends_with('*');
  return std::any_of(
      permissions_.begin(), permissions_.end(),
      [&](const Permission& permission) {
        return permission.name == name ||
               (stands_for_some && Covers(held, permission.name));
      });
}

absl::Status PermissionCatalogue::Check(const Names& names,
                                        std::string_view field) const {
  std::vector<std::string> known;
  for (const Permission& permission : permissions_) {
    known.push_back(permission.name);
  }
  std::vector<FieldViolation> violations;
  for (const std::string& name : names) {
    if (Knows(name)) continue;
    violations.push_back(
        {std::string(field), StrCat("there is no permission '", name, "'",
                                    DidYouMean(name, known))});
  }
  return InvalidArgument(violations);
}

}  // namespace millrace::admin
