// The media types of files, by their names. Pure functions.
#ifndef MILLRACE_HTTP_MEDIA_TYPES_H_
#define MILLRACE_HTTP_MEDIA_TYPES_H_

#include <string_view>

namespace millrace::http {

// As of Content-Type; text is taken for UTF-8, and what is not known is
// application/octet-stream.
std::string_view MediaTypeOf(std::string_view file_name);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_MEDIA_TYPES_H_
