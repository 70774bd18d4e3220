#include "contract/json_scalars.h"

#include <google/protobuf/util/time_util.h>

#include <array>
#include <charconv>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "base/rfc3339.h"
#include "contract/time.h"

namespace millrace {
namespace {

namespace pb = google::protobuf;

constexpr int64_t kFirstSecond = -62'135'596'800;  // of the year 1
constexpr int64_t kLastSecond = 253'402'300'799;   // of the year 9999
constexpr int64_t kYear1000 = -30'610'224'000;
constexpr int64_t kMostSeconds = 315'576'000'000;  // 10,000 years
constexpr int64_t kNanosInSecond = 1'000'000'000;
constexpr size_t kNanosDigits = 9;

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

template <typename T>
void AppendShortest(T value, std::string* json) {
  if (!std::isfinite(value)) {
    json->append(std::isnan(value) ? "\"NaN\""
                 : value > 0       ? "\"Infinity\""
                                   : "\"-Infinity\"");
    return;
  }
  // Some readers take "-0" for an integer, which has no sign then.
  if (value == 0 && std::signbit(value)) {
    json->append("-0.0");
    return;
  }
  std::array<char, 32> text;
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value);
  json->append(text.data(), end);
}

// Whether it is "2026-01-02T03:04:05.5+01:00" by its form; what the numbers
// are worth is not looked at.
bool HasFormOfTime(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  constexpr std::string_view kOffset = "dd:dd";
  const auto matches = [](std::string_view part, std::string_view form) {
    for (size_t i = 0; i < form.size(); ++i) {
      if (form[i] == 'd' ? !absl::ascii_isdigit(part[i]) : part[i] != form[i]) {
        return false;
      }
    }
    return true;
  };
  if (text.size() <= kForm.size() || !matches(text, kForm)) return false;
  text.remove_prefix(kForm.size());
  if (text[0] == '.') {
    const size_t end = text.find_first_not_of("0123456789", 1);
    if (end == text.npos || end < 2 || end > kNanosDigits + 1) return false;
    text.remove_prefix(end);
  }
  if (text == "Z") return true;
  return text.size() == 1 + kOffset.size() &&
         (text[0] == '+' || text[0] == '-') && matches(text.substr(1), kOffset);
}

// ".5", as long as it must be, in groups of three; nothing for 0.
void AppendFraction(int32_t nanos, std::string* text) {
  if (nanos == 0) return;
  std::string digits = std::to_string(kNanosInSecond + nanos);
  digits[0] = '.';
  size_t size = digits.size();
  while (digits.compare(size - 3, 3, "000") == 0) size -= 3;
  text->append(digits, 0, size);
}

}  // namespace

std::optional<double> DoubleFrom(std::string_view number) {
  double value;
  if (!absl::SimpleAtod(ToAbsl(number), &value) || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<float> FloatFrom(std::string_view number) {
  float value;
  if (!absl::SimpleAtof(ToAbsl(number), &value) || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

void AppendJsonNumber(double value, std::string* json) {
  AppendShortest(value, json);
}
void AppendJsonNumber(float value, std::string* json) {
  AppendShortest(value, json);
}

std::optional<std::string> BytesFromBase64(std::string_view text) {
  // Abseil passes over spaces.
  for (const char c : text) {
    if (absl::ascii_isspace(static_cast<unsigned char>(c))) return std::nullopt;
  }
  std::string bytes;
  const bool url = text.find_first_of("-_") != text.npos;
  if (url ? absl::WebSafeBase64Unescape(ToAbsl(text), &bytes)
          : absl::Base64Unescape(ToAbsl(text), &bytes)) {
    return bytes;
  }
  return std::nullopt;
}

bool TimestampFrom(std::string_view text, pb::Timestamp* time) {
  if (!HasFormOfTime(text)) return false;
  const absl::StatusOr<absl::Time> parsed = ParseRfc3339(text);
  if (!parsed.ok() || *parsed < absl::FromUnixSeconds(kFirstSecond) ||
      *parsed >= absl::FromUnixSeconds(kLastSecond + 1)) {
    return false;
  }
  SetTimestamp(*parsed, time);
  return true;
}

bool DurationFrom(std::string_view text, pb::Duration* duration) {
  const bool negative = text.substr(0, 1) == "-";
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.back() != 's') return false;
  text.remove_suffix(1);
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string fraction;
  if (point != text.npos) {
    fraction = text.substr(point + 1);
    if (!AllDigits(fraction) || fraction.size() > kNanosDigits) return false;
  }
  fraction.resize(kNanosDigits, '0');
  int64_t seconds;
  int32_t nanos;
  if (!AllDigits(whole) || !absl::SimpleAtoi(ToAbsl(whole), &seconds) ||
      !absl::SimpleAtoi(fraction, &nanos) || seconds > kMostSeconds ||
      (seconds == kMostSeconds && nanos > 0)) {
    return false;
  }
  duration->set_seconds(negative ? -seconds : seconds);
  duration->set_nanos(negative ? -nanos : nanos);
  return true;
}

bool AppendTimestamp(const pb::Timestamp& time, std::string* text) {
  if (time.seconds() < kFirstSecond || time.seconds() > kLastSecond ||
      time.nanos() < 0 || time.nanos() >= kNanosInSecond) {
    return false;
  }
  pb::Timestamp second;
  second.set_seconds(time.seconds());
  if (time.seconds() < kYear1000) {
    // FormatRfc3339 writes fewer digits of such years.
    text->append(pb::util::TimeUtil::ToString(second));
    text->pop_back();
  } else {
    constexpr std::string_view kUtc = "+00:00";
    text->append(FormatRfc3339(TimeFrom(second)));
    text->resize(text->size() - kUtc.size());
  }
  AppendFraction(time.nanos(), text);
  text->push_back('Z');
  return true;
}

bool AppendDuration(const pb::Duration& duration, std::string* text) {
  const int64_t seconds = duration.seconds();
  const int32_t nanos = duration.nanos();
  if (seconds < -kMostSeconds || seconds > kMostSeconds ||
      nanos <= -kNanosInSecond || nanos >= kNanosInSecond ||
      (seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0)) {
    return false;
  }
  const bool negative = seconds < 0 || nanos < 0;
  StrAppend(text, negative ? "-" : "", negative ? -seconds : seconds);
  AppendFraction(negative ? -nanos : nanos, text);
  text->push_back('s');
  return true;
}

std::string PathFromJson(std::string_view path) {
  std::string snake;
  snake.reserve(path.size() + 4);
  for (const char c : path) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c))) {
      snake.push_back('_');
    }
    snake.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  return snake;
}

std::optional<std::string> PathToJson(std::string_view path) {
  std::string camel;
  camel.reserve(path.size());
  bool raise = false;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isupper(byte) || (raise && !absl::ascii_islower(byte))) {
      return std::nullopt;
    }
    if (c == '_') {
      raise = true;
      continue;
    }
    camel.push_back(raise ? absl::ascii_toupper(byte) : c);
    raise = false;
  }
  if (raise || path.empty()) return std::nullopt;
  return camel;
}

}  // namespace millrace
