// Numbers as the text that JavaScript gives them, which is what templates
// render elsewhere. Thread-safe.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_NUMBER_TEXT_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_NUMBER_TEXT_H_

#include <cstddef>
#include <string_view>

namespace millrace::templates {

inline constexpr size_t kNumberTextSize = 32;

// Writes the text of `number`, which is finite, into `out`, and answers its
// length. For example "0", "-1.5", "1e+21", "1e-7".
size_t WriteNumber(double number, char (&out)[kNumberTextSize]);

// Whether a number of JSON without an exponent is written as JavaScript would
// write it: its digits, the point if there is one, and its end. Says no of some
// that are; what it says yes of need not be read to be rendered.
inline bool IsCanonicalNumber(const char* digits, const char* point,
                              const char* end, bool negative) {
  // Fifteen significant digits survive the way into a double and back.
  constexpr int kDigits = 15;
  if (point == end) {
    return end - digits <= kDigits && !(negative && *digits == '0');
  }
  if (end - digits > kDigits + 1 || end[-1] == '0') return false;
  // Where there may be an exponent in JavaScript is left to those who know.
  return !(digits[0] == '0' && point[1] == '0');
}

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_NUMBER_TEXT_H_
