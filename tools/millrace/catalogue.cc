#include "tools/millrace/catalogue.h"

#include <string>

#include "admin/v1/admin.millrace.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "millrace/v1/bus.millrace.h"
#include "millrace/v1/trace.millrace.h"
#include "templates/v1/templates.millrace.h"
#include "users/v1/sessions.millrace.h"
#include "users/v1/users.millrace.h"

namespace millrace::cli {

std::vector<const ServiceInfo*> KnownServices() {
  return {&::users::v1::UsersService::Info(),
          &::users::v1::SessionsService::Info(),
          &::admin::v1::AdminService::Info(),
          &::templates::v1::TemplatesService::Info(),
          &v1::BusService::Info(),
          &v1::TraceService::Info()};
}

absl::StatusOr<const MethodInfo*> FindMethod(std::string_view name) {
  if (name.starts_with('/')) name.remove_prefix(1);
  const bool full = name.find('/') != std::string_view::npos;
  std::vector<const MethodInfo*> found;
  std::vector<std::string> names;
  for (const ServiceInfo* service : KnownServices()) {
    for (const MethodInfo& method : service->methods) {
      const std::string_view path = method.path.substr(1);
      names.emplace_back(full ? path : method.name);
      if (name == (full ? path : method.name)) found.push_back(&method);
    }
  }
  if (found.size() == 1) return found[0];
  if (found.empty()) {
    return absl::NotFoundError(StrCat("there is no method '", name, "'",
                                      DidYouMean(name, names),
                                      "; 'millrace call --list' names all"));
  }
  return absl::NotFoundError(
      StrCat("'", name, "' stands for ", found[0]->path.substr(1), " and for ",
             found[1]->path.substr(1), "; write one of them"));
}

}  // namespace millrace::cli
