// Page tokens: opaque to callers, the last key of a page to the service, so
// that a page begins after it whatever was inserted meanwhile. Pure.
#ifndef MILLRACE_CONTRACT_PAGE_TOKEN_H_
#define MILLRACE_CONTRACT_PAGE_TOKEN_H_

#include <algorithm>
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

// Adds the rows of a page, of which one more than `size` was asked for, and
// answers the token of the next page: that of the last row added, or "" when
// there are no more.
template <typename Rows, typename Add, typename TokenOf>
std::string FillPage(const Rows& rows, int64_t size, const Add& add,
                     const TokenOf& token_of) {
  const size_t count = std::min(rows.size(), static_cast<size_t>(size));
  for (size_t i = 0; i < count; ++i) add(rows[i]);
  return rows.size() > count ? token_of(rows[count - 1]) : std::string();
}

// The same for keys that are numbers; `first` for the empty token.
absl::StatusOr<int64_t> ReadPageNumber(std::string_view token, int64_t first);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_PAGE_TOKEN_H_
