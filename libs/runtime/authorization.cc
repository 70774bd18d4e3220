#include "runtime/authorization.h"

#include "absl/strings/match.h"
#include "base/strings.h"

namespace millrace::runtime {

absl::StatusOr<std::string_view> BearerToken(const Metadata& metadata) {
  constexpr std::string_view kScheme = "Bearer ";
  std::string_view token;
  for (const auto& [name, value] : metadata) {
    if (name != "authorization") continue;
    if (!token.empty()) {
      return absl::UnauthenticatedError(
          "the call has two 'authorization' headers; send one");
    }
    const std::string_view text = value;
    if (!absl::StartsWithIgnoreCase(ToAbsl(text), ToAbsl(kScheme)) ||
        text.size() == kScheme.size()) {
      return absl::UnauthenticatedError(
          "'authorization' must be 'Bearer TOKEN', with an access token");
    }
    token = text.substr(kScheme.size());
  }
  return token;
}

}  // namespace millrace::runtime
