// Page tokens: opaque to callers, the last key of a page to the service, so
// that a page begins after it whatever was inserted meanwhile. Pure.
#ifndef MILLRACE_CONTRACT_PAGE_TOKEN_H_
#define MILLRACE_CONTRACT_PAGE_TOKEN_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace millrace {

inline constexpr int64_t kDefaultPageSize = 50;

// The size a request asks for; 0 is the default.
inline int64_t PageSize(int32_t asked) {
  return asked == 0 ? kDefaultPageSize : asked;
}

std::string WritePageToken(std::string_view last_key);

// The key in `token`, "" for the empty token. INVALID_ARGUMENT when it is not
// one that WritePageToken made.
absl::StatusOr<std::string> ReadPageToken(std::string_view token);

// The same for keys that are numbers; `first` for the empty token.
absl::StatusOr<int64_t> ReadPageNumber(std::string_view token, int64_t first);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_PAGE_TOKEN_H_
