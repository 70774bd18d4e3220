// What 'authorization: Bearer TOKEN' of a call says. Pure.
#ifndef MILLRACE_RUNTIME_AUTHORIZATION_H_
#define MILLRACE_RUNTIME_AUTHORIZATION_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "contract/call.h"

namespace millrace::runtime {

// The token, a view into `metadata`; empty when the call brings none.
// UNAUTHENTICATED for another scheme than Bearer, and for two tokens: which of
// them counts must not depend on who reads.
absl::StatusOr<std::string_view> BearerToken(const Metadata& metadata);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_AUTHORIZATION_H_
