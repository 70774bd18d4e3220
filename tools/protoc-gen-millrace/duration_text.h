// Durations as contracts write them: "7d", "250ms".
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DURATION_TEXT_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DURATION_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::compiler {

// A whole number and a unit: at most a hundred years.
struct DurationText {
  int64_t count = 0;
  std::string unit;

  static std::optional<DurationText> Parse(std::string_view text);

  int64_t milliseconds() const;

  // "250ms".
  std::string ToText() const;

  // "absl::Milliseconds(250)".
  std::string ToCode() const;
};

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DURATION_TEXT_H_
