// Takes HTTP/1.1 requests out of bytes, and no sockets. Strict: it guesses
// nothing, so that nobody before it reads the same bytes otherwise.
//
// A head and what frames a chunked body are lines that end in CR LF. Each is
// judged when it is whole, and never seen again, so that it makes no difference
// in which pieces bytes come; of a line that is not whole yet, its size and
// control characters are. Refused are folded fields, more than one
// Content-Length or Host, a Content-Length list, any Transfer-Encoding but
// `chunked`, both of them, Transfer-Encoding in HTTP/1.0, either in a trailer,
// control characters, more bytes than ParserLimits. Trailers are checked and
// dropped. A body is gathered whole. One thread at a time; no I/O.
#ifndef MILLRACE_HTTP_PARSER_H_
#define MILLRACE_HTTP_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
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
  explicit RequestParser(const ParserLimits& limits, bool require_host = true)
      : limits_(limits), require_host_(require_host) {}
  RequestParser(const RequestParser&) = delete;

  // Takes bytes from the front of `input` and says how many, at most those of
  // one request. Bytes not taken must come again, with more behind them.
  // Must not be called when done() or failed().
  size_t Feed(std::string_view input);

  // Whether any byte of a request was taken or is waiting for more.
  bool started() const { return waiting_ || next_ != Next::kRequestLine; }
  bool head_done() const { return next_ > Next::kField && !failed(); }
  bool done() const { return next_ == Next::kNothing; }
  bool failed() const { return !error_.ok(); }

  RequestHead& head() { return head_; }               // after head_done()
  std::string& body() { return body_; }               // whole after done()
  const ParseError& error() const { return error_; }  // after failed()

  // Ready for the next request.
  void Reset();

 private:
  // What the next bytes are, in the order in which they come.
  enum class Next {
    kRequestLine,
    kField,
    kBody,
    kChunkSize,
    kChunk,
    kChunkEnd,
    kTrailer,
    kNothing,
  };

  size_t TakeLine(std::string_view rest);
  size_t TakeBody(std::string_view rest);
  void CheckPartialLine(std::string_view line);
  // These say false when the request is refused.
  bool Meet(std::string_view line);
  bool CheckLineSize(std::string_view line);
  bool CheckHeadSize(size_t line_bytes);
  bool MeetRequestLine(std::string_view line);
  bool SplitField(std::string_view line, Headers::Field* field);
  bool MeetField(std::string_view line);
  bool MeetFraming(std::string_view name, std::string_view value);
  bool MeetConnection(std::string_view value);
  bool LengthAndCoding();
  bool EndHead();
  bool BodyTooLarge();
  bool MeetChunkSize(std::string_view line);
  bool MeetTrailer(std::string_view line);
  bool CountOverhead(size_t bytes);
  bool Check(ParseError wrong);
  bool Refuse(int status, std::string message);

  const ParserLimits limits_;
  const bool require_host_;
  Next next_ = Next::kRequestLine;
  RequestHead head_;
  std::string body_;
  ParseError error_;
  // Of the head.
  size_t head_bytes_ = 0;
  int empty_lines_ = 0;  // before it
  std::optional<uint64_t> length_;
  bool chunked_ = false;
  bool has_host_ = false;
  bool asks_to_close_ = false;
  bool asks_to_stay_ = false;
  // Of the body.
  uint64_t left_ = 0;    // of it, or of its present chunk
  size_t overhead_ = 0;  // bytes of extensions and trailers so far

  bool waiting_ = false;  // bytes were shown that await more
  size_t seen_ = 0;       // of those: they do not end a line
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_PARSER_H_
