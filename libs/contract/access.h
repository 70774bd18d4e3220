// Who may call a method, decided from what its contract says and who calls.
#ifndef MILLRACE_CONTRACT_ACCESS_H_
#define MILLRACE_CONTRACT_ACCESS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/context.h"
#include "contract/service.h"

namespace millrace {

// OK when `caller` may call `method`. UNAUTHENTICATED when nobody is known and
// somebody would have to be; PERMISSION_DENIED, with the permission that is
// missing, when the caller is known and may not. `request` is null for a method
// that takes a stream. Any thread.
absl::Status CheckAccess(const MethodInfo& method, const Identity& caller,
                         const Message* request);

// True when one of `held` is `permission`, or stands for it: "users.*" for all
// that begins with "users.", "*" for everything.
bool Covers(absl::Span<const std::string> held, std::string_view permission);

// All names that cover `permission`: itself, "users.users.*", "users.*", "*".
std::vector<std::string> NamesThatCover(std::string_view permission);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_ACCESS_H_
