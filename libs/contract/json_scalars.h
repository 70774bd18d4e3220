// Numbers, bytes and times between the texts of the proto3 JSON mapping and
// fields. Pure functions, any thread.
#ifndef MILLRACE_CONTRACT_JSON_SCALARS_H_
#define MILLRACE_CONTRACT_JSON_SCALARS_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "base/strings.h"

namespace millrace {

// The integer that a JSON number is, which may be written as 1e2 or 5.0.
// Nothing when it is not whole or does not fit.
template <typename T>
std::optional<T> IntegerFrom(std::string_view number, bool whole) {
  T value;
  if (whole && absl::SimpleAtoi(ToAbsl(number), &value)) return value;
  if (whole) return number == "-0" ? std::optional<T>(0) : std::nullopt;
  double real;
  // The bounds are powers of two, and so have exact doubles.
  constexpr double kAbove =
      2.0 * static_cast<double>(T{1} << (std::numeric_limits<T>::digits - 1));
  if (!absl::SimpleAtod(ToAbsl(number), &real) || real != std::trunc(real) ||
      real >= kAbove || real < (std::is_signed_v<T> ? -kAbove : 0.0)) {
    return std::nullopt;
  }
  return static_cast<T>(real);
}

// Nothing when no double, or float, is so large.
std::optional<double> DoubleFrom(std::string_view number);
std::optional<float> FloatFrom(std::string_view number);

// The shortest text that is read as the same number; "NaN", "Infinity" and
// "-Infinity" in quotes.
void AppendJsonNumber(double value, std::string* json);
void AppendJsonNumber(float value, std::string* json);

// Of either alphabet, with padding or without.
std::optional<std::string> BytesFromBase64(std::string_view text);

// RFC 3339 with any offset, within the years 1 to 9999.
bool TimestampFrom(std::string_view text, google::protobuf::Timestamp* time);
// "1.5s", within 10,000 years.
bool DurationFrom(std::string_view text, google::protobuf::Duration* duration);

// "2026-01-02T03:04:05.500Z" and "1.500s", with 0, 3, 6 or 9 digits of the
// second. False when the message is out of range.
bool AppendTimestamp(const google::protobuf::Timestamp& time,
                     std::string* text);
bool AppendDuration(const google::protobuf::Duration& duration,
                    std::string* text);

// A path of a field mask: "user.displayName" from and to "user.display_name".
// Nothing when the path has no such form.
std::string PathFromJson(std::string_view path);
std::optional<std::string> PathToJson(std::string_view path);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_JSON_SCALARS_H_
