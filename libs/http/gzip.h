// Whether a client takes gzip; base/gzip.h does it. Pure functions, any thread.
#ifndef MILLRACE_HTTP_GZIP_H_
#define MILLRACE_HTTP_GZIP_H_

#include <string_view>

#include "base/gzip.h"  // IWYU pragma: export

namespace millrace::http {

// Whether a list such as "br;q=0.5, gzip" takes gzip. "*" does not count: who
// sends it may not know what it says.
bool TakesGzip(std::string_view accept_encoding);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_GZIP_H_
