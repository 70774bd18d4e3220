// The services that the command line can call without asking anybody.
#ifndef MILLRACE_TOOLS_MILLRACE_CATALOGUE_H_
#define MILLRACE_TOOLS_MILLRACE_CATALOGUE_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "contract/service.h"

namespace millrace::cli {

std::vector<const ServiceInfo*> KnownServices();

// The method that `name` means: "users.v1.UsersService/GetUser", with or
// without a leading slash, or just "GetUser" when one service alone has it.
// NOT_FOUND with a suggestion otherwise.
absl::StatusOr<const MethodInfo*> FindMethod(std::string_view name);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_CATALOGUE_H_
