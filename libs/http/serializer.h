// Writes HTTP/1.1 answers as bytes. Pure functions, no I/O.
//
// Beast's serializer wants its own field container, with an allocation per
// field; a head is one append here, and what goes into it is checked: a name
// or value that could break out of its line is refused.
#ifndef MILLRACE_HTTP_SERIALIZER_H_
#define MILLRACE_HTTP_SERIALIZER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "http/headers.h"

namespace millrace::http {

// Whether a header may have this name, or a method be called so; and whether
// one may have this value.
bool IsToken(std::string_view text);
bool IsFieldValue(std::string_view text);

// "Not Found" and so on; "Unknown" for a number without a name.
std::string_view ReasonPhrase(int status);

// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string HttpDate(absl::Time time);

// How an answer's end is told to the client.
struct Framing {
  // Content-Length; nothing when chunked or ended by the connection's end.
  std::optional<uint64_t> length;
  bool chunked = false;
  bool keep_alive = true;
  bool http10 = false;  // the client speaks HTTP/1.0
};

// Appends the status line, the Date, that no browser is to guess another type
// (X-Content-Type-Options), the fields and the empty line. These two in
// `headers`, Content-Length, Transfer-Encoding and Connection are left out:
// `framing` says them. INTERNAL, with nothing appended, for a name that is no
// token or a value with a control character.
absl::Status AppendHead(int status, const Headers& headers,
                        const Framing& framing, std::string_view date,
                        std::string* out);

// Appends one chunk; nothing for an empty `data`, which would end the body.
void AppendChunk(std::string_view data, std::string* out);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_SERIALIZER_H_
