// What a request's fields must say before they are believed: the checks that
// decide where a request ends, and with it where a smuggled one would begin.
// Pure; each returns what is wrong, with status 0 when nothing is.
#ifndef MILLRACE_HTTP_REQUEST_RULES_H_
#define MILLRACE_HTTP_REQUEST_RULES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::http {

// Why a request is refused: the HTTP status to answer with and a sentence.
struct ParseError {
  int status = 0;
  std::string message;

  bool ok() const { return status == 0; }
};

// Whether there is a control character other than a tab.
bool HasControl(std::string_view text);

// Digits alone: no sign, no list, no second field, not more than 64 bits.
ParseError TakeContentLength(std::string_view value,
                             std::optional<uint64_t>* length);
// `chunked` alone, and not in HTTP/1.0.
ParseError CheckTransferEncoding(std::string_view value, int minor_version);
ParseError CheckHost(std::string_view value, bool seen_before);
ParseError CheckExpect(std::string_view value);
// A list of tokens, as Connection has it.
ParseError CheckTokens(std::string_view value);
// Visible ASCII, so that nobody behind can read it otherwise.
ParseError CheckTarget(std::string_view target);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_REQUEST_RULES_H_
