// UTF-8, as much of it as the JSON reader needs. Thread-safe, never fails.
#ifndef MILLRACE_CONTRACT_UTF8_H_
#define MILLRACE_CONTRACT_UTF8_H_

#include <string>
#include <string_view>

namespace millrace {

// The offset of the first byte that is not part of a well-formed sequence, or
// text.size(). Overlong forms, surrogates and what is beyond U+10FFFF are not
// well-formed.
size_t FirstInvalidUtf8(std::string_view text);

// The length of the well-formed sequence that `text` begins with, 0 if it does
// not or is empty.
size_t Utf8SequenceLength(std::string_view text);

// What an error shows of a text that somebody else chose: `text`, or its first
// `most` bytes at most, as whole sequences, with "..." behind.
std::string Excerpt(std::string_view text, size_t most = 64);

// Appends one code point, which must not be a surrogate.
void AppendUtf8(char32_t code_point, std::string* text);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_UTF8_H_
