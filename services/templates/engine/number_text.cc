#include "services/templates/engine/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace millrace::templates {

size_t WriteNumber(double number, char (&out)[kNumberTextSize]) {
  char* to = out;
  const auto put = [&to](std::string_view text) {
    std::memcpy(to, text.data(), text.size());
    to += text.size();
  };
  const auto zeros = [&to](int count) {
    for (; count > 0; --count) *to++ = '0';
  };
  if (number == 0) {
    *to = '0';
    return 1;
  }
  if (number < 0) *to++ = '-';
  // The shortest digits that give the number again: d[.ddd]e[+-]dd
  char shortest[kNumberTextSize];
  const char* end =
      std::to_chars(shortest, shortest + sizeof(shortest), std::abs(number),
                    std::chars_format::scientific)
          .ptr;
  const char* e = std::find(shortest, const_cast<char*>(end), 'e');
  char digits[kNumberTextSize];
  int count = 0;
  for (const char* p = shortest; p != e; ++p) {
    if (*p != '.') digits[count++] = *p;
  }
  int exponent = 0;
  std::from_chars(e + (e[1] == '+' ? 2 : 1), end, exponent);
  // Number::toString of ECMAScript: the decimal point stands behind the digit
  // number `point`.
  const int point = exponent + 1;
  const std::string_view all(digits, count);
  if (count <= point && point <= 21) {
    put(all);
    zeros(point - count);
  } else if (0 < point && point <= 21) {
    put(all.substr(0, point));
    *to++ = '.';
    put(all.substr(point));
  } else if (-6 < point && point <= 0) {
    put("0.");
    zeros(-point);
    put(all);
  } else {
    *to++ = digits[0];
    if (count > 1) {
      *to++ = '.';
      put(all.substr(1));
    }
    put(exponent < 0 ? "e-" : "e+");
    to = std::to_chars(to, out + sizeof(out), std::abs(exponent)).ptr;
  }
  return to - out;
}

}  // namespace millrace::templates
