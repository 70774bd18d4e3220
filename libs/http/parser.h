// Takes HTTP/1.1 requests out of bytes, and no sockets: Boost.Beast's parser
// behind an interface of ours, made strict where that is lenient.
//
// Refused besides what Beast refuses: folded fields, more than one
// Content-Length or Host, a Content-Length list, any Transfer-Encoding but
// `chunked`, Transfer-Encoding in HTTP/1.0, control characters in a chunk's
// extensions, more bytes than ParserLimits. Trailers are checked and dropped.
// A body is gathered whole. One thread at a time; no I/O.
#ifndef MILLRACE_HTTP_PARSER_H_
#define MILLRACE_HTTP_PARSER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/headers.h"
#include "http/options.h"
#include "http/request_rules.h"

namespace millrace::http {

struct RequestHead {
  std::string method;
  std::string target;
  int minor_version = 1;  // HTTP/1.x
  Headers headers;
  bool keep_alive = true;
  bool expects_continue = false;  // Expect: 100-continue
  bool has_body = false;
};

class RequestParser {
 public:
  // `require_host`: an HTTP/1.1 request without Host is refused, as RFC 9112
  // wants it.
  explicit RequestParser(const ParserLimits& limits, bool require_host = true);
  RequestParser(const RequestParser&) = delete;
  ~RequestParser();

  // Takes bytes from the front of `input` and says how many, at most those of
  // one request. Bytes not taken must come again, with more behind them.
  // Must not be called when done() or failed().
  size_t Feed(std::string_view input);

  // Whether any byte of a request was taken or is waiting for more.
  bool started() const;
  bool head_done() const;
  bool done() const;
  bool failed() const;

  RequestHead& head();              // after head_done()
  std::string& body();              // whole after done()
  const ParseError& error() const;  // after failed()

  // Ready for the next request.
  void Reset();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_PARSER_H_
