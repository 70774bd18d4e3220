// UTF-8 as PostgreSQL takes it.
#ifndef MILLRACE_STORE_UTF8_H_
#define MILLRACE_STORE_UTF8_H_

#include <string_view>

namespace millrace::store {

// Whether `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF) and has no NUL.
bool IsText(std::string_view text);

}  // namespace millrace::store

#endif  // MILLRACE_STORE_UTF8_H_
