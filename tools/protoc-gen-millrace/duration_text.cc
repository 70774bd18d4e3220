#include "tools/protoc-gen-millrace/duration_text.h"

#include "absl/strings/numbers.h"
#include "base/strings.h"

namespace millrace::compiler {
namespace {

constexpr int64_t kDay = 24 * 60 * 60 * int64_t{1000};
// More is a mistake, and might not fit into an int where code is made of it.
constexpr int64_t kLongest = 36525 * kDay;

// Milliseconds of the unit, or 0.
int64_t UnitLength(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1000;
  if (unit == "m") return 60 * 1000;
  if (unit == "h") return kDay / 24;
  if (unit == "d") return kDay;
  return 0;
}

}  // namespace

std::optional<DurationText> DurationText::Parse(std::string_view text) {
  const size_t digits = text.find_first_not_of("0123456789");
  DurationText duration;
  if (digits == text.npos || digits == 0 || digits > 9 ||
      !absl::SimpleAtoi(ToAbsl(text.substr(0, digits)), &duration.count)) {
    return std::nullopt;
  }
  duration.unit = std::string(text.substr(digits));
  if (UnitLength(duration.unit) == 0 || duration.milliseconds() > kLongest) {
    return std::nullopt;
  }
  return duration;
}

int64_t DurationText::milliseconds() const { return count * UnitLength(unit); }

std::string DurationText::ToText() const { return StrCat(count, unit); }

std::string DurationText::ToCode() const {
  if (unit == "ms") return StrCat("absl::Milliseconds(", count, ")");
  if (unit == "s") return StrCat("absl::Seconds(", count, ")");
  if (unit == "m") return StrCat("absl::Minutes(", count, ")");
  if (unit == "h") return StrCat("absl::Hours(", count, ")");
  return StrCat("absl::Hours(24 * ", count, ")");
}

}  // namespace millrace::compiler
