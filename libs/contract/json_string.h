// Texts as JSON strings. Pure functions, any thread, never fail.
#ifndef MILLRACE_CONTRACT_JSON_STRING_H_
#define MILLRACE_CONTRACT_JSON_STRING_H_

#include <string>
#include <string_view>

namespace millrace {

// Appends `text` in quotes. What is not UTF-8 in it becomes U+FFFD. '<' and '>'
// are escaped, so that the JSON can stand in a page.
void AppendJsonString(std::string_view text, std::string* json);

std::string JsonString(std::string_view text);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_JSON_STRING_H_
