// Between std::string_view and Abseil's own.
//
// Debian 12 builds Abseil with ABSL_OPTION_USE_STD_STRING_VIEW 0, so that
// absl::string_view is a class apart and neither converts to the other. The
// platform speaks std::string_view; these are the crossings. Views: nothing is
// copied, nothing outlives its source.
#ifndef MILLRACE_BASE_STRINGS_H_
#define MILLRACE_BASE_STRINGS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace millrace {

inline absl::string_view ToAbsl(std::string_view view) {
  return absl::string_view(view.data(), view.size());
}

inline std::string_view FromAbsl(absl::string_view view) {
  return std::string_view(view.data(), view.size());
}

inline std::string_view MessageOf(const absl::Status& status) {
  return FromAbsl(status.message());
}

namespace strings_internal {

inline absl::string_view Piece(std::string_view view) { return ToAbsl(view); }
inline absl::string_view Piece(const std::string& text) { return text; }
inline absl::string_view Piece(const char* text) { return text; }
inline absl::string_view Piece(absl::string_view view) { return view; }
inline std::string Piece(char c) { return std::string(1, c); }
inline absl::string_view Piece(bool value) { return value ? "true" : "false"; }
template <typename T>
const T& Piece(const T& value) {
  return value;
}

}  // namespace strings_internal

// absl::StrCat that also takes std::string_view; a bool reads "true" or
// "false" and a char is itself.
template <typename... Args>
std::string StrCat(const Args&... args) {
  return absl::StrCat(strings_internal::Piece(args)...);
}

template <typename... Args>
void StrAppend(std::string* text, const Args&... args) {
  absl::StrAppend(text, strings_internal::Piece(args)...);
}

}  // namespace millrace

#endif  // MILLRACE_BASE_STRINGS_H_
