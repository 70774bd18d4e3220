#include "http/parser.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "http/chunk_size.h"
#include "http/serializer.h"

namespace millrace::http {
namespace {

constexpr int kLeadingEmptyLines = 4;
constexpr size_t kBodyReserve = 64 << 10;

ParseError TakeRequestLine(std::string_view line, RequestHead* head) {
  const size_t space = line.find(' ');
  if (space == line.npos) return {400, "malformed request line"};
  const std::string_view method = line.substr(0, space);
  if (!IsToken(method)) return {400, "malformed method"};
  line.remove_prefix(space + 1);
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view target = line.substr(0, end);
  if (ParseError wrong = CheckTarget(target); !wrong.ok()) return wrong;
  const std::string_view version = line.substr(end);
  if (version != " HTTP/1.1" && version != " HTTP/1.0") {
    return {400, "the request line must end in HTTP/1.1 or HTTP/1.0"};
  }
  head->method = method;
  head->target = target;
  head->minor_version = version.back() - '0';
  return {};
}

ParseError LengthAndCoding() {
  return {400, "Transfer-Encoding may come once, and not with Content-Length"};
}

ParseError SplitField(std::string_view line, Headers::Field* field) {
  if (line.starts_with(' ') || line.starts_with('\t')) {
    return {400, "a header field may not be folded over lines"};
  }
  const size_t colon = line.find(':');
  if (colon == line.npos || !IsToken(line.substr(0, colon))) {
    return {400, "malformed header field name"};
  }
  field->name = line.substr(0, colon);
  field->value = Trim(line.substr(colon + 1));
  if (HasControl(field->value)) return {400, "malformed header field value"};
  return {};
}

}  // namespace

size_t RequestParser::Feed(std::string_view input) {
  size_t taken = 0;
  while (taken < input.size() && !done()) {
    const std::string_view rest = input.substr(taken);
    const bool data = next_ == Next::kBody || next_ == Next::kChunk;
    const size_t used = data ? TakeBody(rest) : TakeLine(rest);
    if (used == 0 || failed()) break;
    taken += used;
  }
  waiting_ = taken < input.size();
  return taken;
}

// The bytes of a line that is whole and good, else 0.
size_t RequestParser::TakeLine(std::string_view rest) {
  const size_t end = rest.find('\n', seen_);
  if (end == rest.npos) {
    error_ = CheckPartialLine(rest);
    seen_ = rest.size();
    return 0;
  }
  seen_ = 0;
  std::string_view line = rest.substr(0, end);
  if (!line.ends_with('\r')) {
    error_ = {400, "a line must end in CR LF"};
    return 0;
  }
  line.remove_suffix(1);
  error_ = Meet(line);
  return end + 1;
}

ParseError RequestParser::Meet(std::string_view line) {
  switch (next_) {
    case Next::kRequestLine: {
      if (line.empty() && empty_lines_ < kLeadingEmptyLines) {
        ++empty_lines_;
        return {};
      }
      ParseError wrong = CheckHeadSize(line.size() + 2);
      if (wrong.ok()) wrong = TakeRequestLine(line, &head_);
      head_bytes_ += line.size() + 2;
      head_.headers.Reserve(12, 512);
      next_ = Next::kField;
      return wrong;
    }
    case Next::kField: {
      ParseError wrong = CheckHeadSize(line.size() + 2);
      head_bytes_ += line.size() + 2;
      if (!wrong.ok()) return wrong;
      return line.empty() ? EndHead() : MeetField(line);
    }
    case Next::kChunkSize:
      return MeetChunkSize(line);
    case Next::kChunkEnd:
      next_ = Next::kChunkSize;
      if (line.empty()) return {};
      return {400, "malformed chunk in a chunked body"};
    case Next::kTrailer:
      if (!line.empty()) return MeetTrailer(line);
      next_ = Next::kNothing;
      return {};
    default:
      return {};
  }
}

// What can be said of a line before its end has come. The part that was seen
// before is fine, but for its last byte.
ParseError RequestParser::CheckPartialLine(std::string_view line) const {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (HasControl(line.substr(seen_ > 0 ? seen_ - 1 : 0))) {
    return {400, "control character in a line"};
  }
  if (next_ <= Next::kField) return CheckHeadSize(line.size() + 2);
  if (next_ == Next::kChunkEnd && !line.empty()) {
    return {400, "malformed chunk in a chunked body"};
  }
  if (line.size() <= limits_.max_header_bytes) return {};
  return {400, "a chunk's header or the trailer is too large"};
}

// `line_bytes`: of the next line and its end, at least.
ParseError RequestParser::CheckHeadSize(size_t line_bytes) const {
  const bool fits = head_bytes_ + line_bytes <= limits_.max_header_bytes;
  if (next_ == Next::kRequestLine) {
    if (fits && line_bytes <= limits_.max_request_line_bytes + 2) return {};
    return {414, StrCat("the request line is longer than ",
                        limits_.max_request_line_bytes,
                        " bytes (max_request_line_bytes)")};
  }
  if (fits) return {};
  return {431, StrCat("the request's header is larger than ",
                      limits_.max_header_bytes, " bytes (max_header_bytes)")};
}

ParseError RequestParser::MeetField(std::string_view line) {
  Headers::Field field;
  ParseError wrong = SplitField(line, &field);
  if (!wrong.ok()) return wrong;
  if (head_.headers.size() == limits_.max_headers) {
    return {431, StrCat("the request has more than ", limits_.max_headers,
                        " header fields (max_headers)")};
  }
  wrong = MeetFraming(field.name, field.value);
  if (wrong.ok()) head_.headers.Add(field.name, field.value);
  return wrong;
}

// The fields that say where the request ends and what becomes of the
// connection.
ParseError RequestParser::MeetFraming(std::string_view name,
                                      std::string_view value) {
  if (EqualsIgnoreCase(name, "host")) {
    return CheckHost(value, std::exchange(has_host_, true));
  }
  if (EqualsIgnoreCase(name, "content-length")) {
    if (chunked_) return LengthAndCoding();
    return TakeContentLength(value, &length_);
  }
  if (EqualsIgnoreCase(name, "transfer-encoding")) {
    if (chunked_ || length_) return LengthAndCoding();
    chunked_ = true;
    return CheckTransferEncoding(value, head_.minor_version);
  }
  if (EqualsIgnoreCase(name, "connection") ||
      EqualsIgnoreCase(name, "proxy-connection")) {
    asks_to_close_ = asks_to_close_ || ListHas(value, "close");
    asks_to_stay_ = asks_to_stay_ || ListHas(value, "keep-alive");
    return CheckTokens(value);
  }
  if (EqualsIgnoreCase(name, "expect")) {
    head_.expects_continue = head_.minor_version > 0;
    return CheckExpect(value);
  }
  return {};
}

ParseError RequestParser::EndHead() {
  const bool http10 = head_.minor_version == 0;
  left_ = length_.value_or(0);
  if (left_ > limits_.max_body_bytes) return BodyTooLarge();
  if (require_host_ && !http10 && !has_host_) {
    return {400, "an HTTP/1.1 request must have a Host"};
  }
  head_.keep_alive = !asks_to_close_ && (!http10 || asks_to_stay_);
  head_.has_body = chunked_ || left_ > 0;
  next_ = chunked_    ? Next::kChunkSize
          : left_ > 0 ? Next::kBody
                      : Next::kNothing;
  body_.reserve(std::min<size_t>(left_, kBodyReserve));
  return {};
}

ParseError RequestParser::BodyTooLarge() const {
  return {413, StrCat("the body is larger than ", limits_.max_body_bytes,
                      " bytes (max_body_bytes)")};
}

size_t RequestParser::TakeBody(std::string_view rest) {
  const std::string_view data = rest.substr(0, left_);
  body_.append(data);
  left_ -= data.size();
  if (left_ == 0) {
    next_ = next_ == Next::kChunk ? Next::kChunkEnd : Next::kNothing;
  }
  return data.size();
}

ParseError RequestParser::MeetChunkSize(std::string_view line) {
  const std::optional<ChunkSize> chunk = ParseChunkSize(line);
  if (!chunk) return {400, "malformed chunk in a chunked body"};
  if (chunk->size > limits_.max_body_bytes - body_.size()) {
    return BodyTooLarge();
  }
  left_ = chunk->size;
  next_ = left_ > 0 ? Next::kChunk : Next::kTrailer;
  return CountOverhead(chunk->extensions.size());
}

ParseError RequestParser::MeetTrailer(std::string_view line) {
  Headers::Field field;
  ParseError wrong = SplitField(line, &field);
  if (!wrong.ok()) return wrong;
  if (EqualsIgnoreCase(field.name, "content-length") ||
      EqualsIgnoreCase(field.name, "transfer-encoding")) {
    return {400, StrCat("a trailer may not have a ", field.name)};
  }
  return CountOverhead(line.size());
}

// Chunk extensions and trailers carry nothing that is kept; together they may
// be as large as a header.
ParseError RequestParser::CountOverhead(size_t bytes) {
  overhead_ += bytes;
  if (overhead_ <= limits_.max_header_bytes) return {};
  return {431, StrCat("chunk extensions and trailers are larger than ",
                      limits_.max_header_bytes, " bytes (max_header_bytes)")};
}

void RequestParser::Reset() {
  next_ = Next::kRequestLine;
  head_ = {};
  body_.clear();
  error_ = {};
  head_bytes_ = 0;
  empty_lines_ = 0;
  length_.reset();
  chunked_ = has_host_ = asks_to_close_ = asks_to_stay_ = false;
  overhead_ = 0;
  waiting_ = false;
}

}  // namespace millrace::http
