// How services keep what a column has no type for: times as microseconds since
// 1970, what begins with a text as a range. Pure.
#ifndef MILLRACE_STORE_COLUMNS_H_
#define MILLRACE_STORE_COLUMNS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/strings.h"
#include "store/row.h"
#include "store/value.h"

namespace millrace::store {

// The time in a column that may be NULL.
inline std::optional<absl::Time> OptionalTime(const Row& row,
                                              std::string_view column) {
  if (row.IsNull(column)) return std::nullopt;
  return absl::FromUnixMicros(row.Int(column));
}

inline Value OptionalMicros(const std::optional<absl::Time>& time) {
  if (!time) return nullptr;
  return absl::ToUnixMicros(*time);
}

// Greater than all texts that begin with `prefix` and have no U+10FFFF behind
// it, where texts are compared byte by byte: "x >= prefix AND x < end" finds
// them by an index.
inline std::string EndOfPrefix(std::string_view prefix) {
  return StrCat(prefix, "\xF4\x8F\xBF\xBF");
}

}  // namespace millrace::store

#endif  // MILLRACE_STORE_COLUMNS_H_
