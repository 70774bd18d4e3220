#include "base/rfc3339.h"

#include <optional>

#include "absl/time/civil_time.h"
#include "base/strings.h"

namespace millrace {
namespace {

constexpr size_t kSecondsEnd = sizeof("2024-05-06T07:08:09") - 1;
constexpr int kNanosDigits = 9;
constexpr absl::CivilSecond kEpoch(1970, 1, 1);

void PutNumber(int64_t number, int digits, char* at) {
  for (int i = digits - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

// -1 when it is not all digits.
int Number(std::string_view digits) {
  int number = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return -1;
    number = 10 * number + (digit - '0');
  }
  return number;
}

// The form that nearly all times have: UTC, at most nanoseconds. Nothing for
// any other, right or wrong. Some ten times as fast as absl::ParseTime.
std::optional<absl::Time> ParseUtc(std::string_view text) {
  if (text.size() <= kSecondsEnd || text[4] != '-' || text[7] != '-' ||
      text[10] != 'T' || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const int year = Number(text.substr(0, 4));
  const int month = Number(text.substr(5, 2));
  const int day = Number(text.substr(8, 2));
  const int hour = Number(text.substr(11, 2));
  const int minute = Number(text.substr(14, 2));
  const int second = Number(text.substr(17, 2));
  if (year < 0 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 ||
      minute < 0 || minute > 59 || second < 0 || second > 59) {
    return std::nullopt;
  }
  const absl::CivilSecond civil(year, month, day, hour, minute, second);
  if (civil.day() != day) return std::nullopt;  // the 31st of June
  absl::Time time = absl::FromUnixSeconds(civil - kEpoch);
  std::string_view rest = text.substr(kSecondsEnd);
  if (rest[0] == '.') {
    const size_t end = rest.find_first_not_of("0123456789", 1);
    if (end == std::string_view::npos || end < 2 || end > kNanosDigits + 1) {
      return std::nullopt;
    }
    int nanos = Number(rest.substr(1, end - 1));
    for (size_t i = end - 1; i < kNanosDigits; ++i) nanos *= 10;
    time += absl::Nanoseconds(nanos);
    rest.remove_prefix(end);
  }
  if (rest != "Z" && rest != "+00:00") return std::nullopt;
  return time;
}

}  // namespace

std::string FormatRfc3339(absl::Time time) {
  // Of other years absl writes fewer digits, or more.
  if (time < absl::FromUnixSeconds(absl::CivilSecond(1000) - kEpoch) ||
      time >= absl::FromUnixSeconds(absl::CivilSecond(10'000) - kEpoch)) {
    return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
  }
  const int64_t seconds = absl::ToUnixSeconds(time);
  const absl::CivilSecond civil = kEpoch + seconds;
  std::string text = "0000-00-00T00:00:00.000000000+00:00";
  char* const at = text.data();
  PutNumber(civil.year(), 4, at);
  PutNumber(civil.month(), 2, at + 5);
  PutNumber(civil.day(), 2, at + 8);
  PutNumber(civil.hour(), 2, at + 11);
  PutNumber(civil.minute(), 2, at + 14);
  PutNumber(civil.second(), 2, at + 17);
  // Times are kept to a quarter of a nanosecond.
  const int64_t nanos =
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds));
  PutNumber(nanos, kNanosDigits, at + kSecondsEnd + 1);
  size_t end = kSecondsEnd + 1 + kNanosDigits;
  while (at[end - 1] == '0') --end;
  if (at[end - 1] == '.') --end;
  text.erase(end, kSecondsEnd + 1 + kNanosDigits - end);
  return text;
}

absl::StatusOr<absl::Time> ParseRfc3339(std::string_view text) {
  if (const std::optional<absl::Time> time = ParseUtc(text)) return *time;
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, ToAbsl(text), &time, &error)) {
    return time;
  }
  return absl::InvalidArgumentError(
      StrCat("'", text, "', which is not RFC 3339: ", error));
}

}  // namespace millrace
