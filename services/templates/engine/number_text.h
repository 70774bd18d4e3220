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

// Whether a number of JSON is written as JavaScript would write it. Says no of
// some that are; what it says yes of need not be read to be rendered.
bool IsCanonicalNumber(std::string_view text);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_NUMBER_TEXT_H_
