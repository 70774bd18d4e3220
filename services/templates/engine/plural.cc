#include "services/templates/engine/plural.h"

#include <cmath>
#include <cstdint>

namespace millrace::templates {
namespace {

bool IsOneOf(std::string_view language,
             std::initializer_list<std::string_view> languages) {
  for (const std::string_view one : languages) {
    if (one == language) return true;
  }
  return false;
}

bool In(int64_t n, int64_t from, int64_t to) { return n >= from && n <= to; }

std::string_view Arabic(int64_t n) {
  if (n == 0) return "zero";
  if (n == 1) return "one";
  if (n == 2) return "two";
  if (In(n % 100, 3, 10)) return "few";
  return In(n % 100, 11, 99) ? "many" : "other";
}

// Russian, Ukrainian, Serbian and their like.
std::string_view EastSlavic(int64_t n) {
  if (n % 10 == 1 && n % 100 != 11) return "one";
  if (In(n % 10, 2, 4) && !In(n % 100, 12, 14)) return "few";
  return "many";
}

std::string_view Polish(int64_t n) {
  if (n == 1) return "one";
  if (In(n % 10, 2, 4) && !In(n % 100, 12, 14)) return "few";
  return "many";
}

std::string_view Czech(int64_t n) {
  if (n == 1) return "one";
  return In(n, 2, 4) ? "few" : "other";
}

std::string_view Lithuanian(int64_t n) {
  const bool teens = In(n % 100, 11, 19);
  if (n % 10 == 1 && !teens) return "one";
  return In(n % 10, 2, 9) && !teens ? "few" : "other";
}

std::string_view Romanian(int64_t n) {
  if (n == 1) return "one";
  return n == 0 || In(n % 100, 1, 19) ? "few" : "other";
}

}  // namespace

std::string_view PluralCategory(std::string_view locale, double number) {
  const std::string_view language =
      locale.substr(0, locale.find_first_of("-_"));
  if (IsOneOf(language, {"ja", "zh", "ko", "vi", "th", "id", "ms"})) {
    return "other";
  }
  const double size = std::abs(number);
  if (IsOneOf(language, {"fr", "pt", "hy"})) {
    return size < 2 ? "one" : "other";
  }
  // Fractions are "other" nearly everywhere; who writes prices has no plural.
  if (size != std::floor(size) || size > 1e15) {
    if (IsOneOf(language, {"cs", "sk", "lt"})) return "many";
    return "other";
  }
  const auto n = static_cast<int64_t>(size);
  if (language == "ar") return Arabic(n);
  if (IsOneOf(language, {"ru", "uk", "be"})) return EastSlavic(n);
  if (IsOneOf(language, {"sr", "hr", "bs"})) {
    const std::string_view category = EastSlavic(n);
    return category == "many" ? "other" : category;
  }
  if (language == "pl") return Polish(n);
  if (IsOneOf(language, {"cs", "sk"})) return Czech(n);
  if (language == "lt") return Lithuanian(n);
  if (language == "ro") return Romanian(n);
  if (language == "he" && n == 2) return "two";
  if (language == "sl") {
    const int64_t last = n % 100;
    return last == 1        ? "one"
           : last == 2      ? "two"
           : In(last, 3, 4) ? "few"
                            : "other";
  }
  return n == 1 ? "one" : "other";
}

}  // namespace millrace::templates
