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
    CheckPartialLine(rest);
    seen_ = rest.size();
    return 0;
  }
  seen_ = 0;
  std::string_view line = rest.substr(0, end);
  if (!line.ends_with('\r')) {
    Refuse(400, "a line must end in CR LF");
    return 0;
  }
  line.remove_suffix(1);
  return CheckLineSize(line) && Meet(line) ? end + 1 : 0;
}

bool RequestParser::Meet(std::string_view line) {
  switch (next_) {
    case Next::kRequestLine:
      if (!line.empty() || empty_lines_ == kLeadingEmptyLines) {
        return MeetRequestLine(line);
      }
      ++empty_lines_;
      return true;
    case Next::kField:
      head_bytes_ += line.size() + 2;
      return line.empty() ? EndHead() : MeetField(line);
    case Next::kChunkSize:
      return MeetChunkSize(line);
    case Next::kChunkEnd:
      next_ = Next::kChunkSize;
      if (line.empty()) return true;
      return Refuse(400, "malformed chunk in a chunked body");
    case Next::kTrailer:
      if (!line.empty()) return MeetTrailer(line);
      next_ = Next::kNothing;
      return true;
    case Next::kBody:
    case Next::kChunk:
    case Next::kNothing:
      return true;
  }
  return true;
}

// What can be said of a line before its end has come. The part that was seen
// before is fine, but for its last byte.
void RequestParser::CheckPartialLine(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (HasControl(line.substr(seen_ > 0 ? seen_ - 1 : 0))) {
    Refuse(400, "control character in a line");
  } else if (next_ == Next::kChunkEnd && !line.empty()) {
    Refuse(400, "malformed chunk in a chunked body");
  } else {
    CheckLineSize(line);
  }
}

// Of a line, or of a part of it, without its end.
bool RequestParser::CheckLineSize(std::string_view line) {
  if (next_ <= Next::kField) return CheckHeadSize(line.size() + 2);
  if (line.size() <= limits_.max_header_bytes) return true;
  return Refuse(431,
                StrCat("a line of a chunked body is larger than ",
                       limits_.max_header_bytes, " bytes (max_header_bytes)"));
}

// `line_bytes`: of the next line and its end, at least.
bool RequestParser::CheckHeadSize(size_t line_bytes) {
  const bool fits = head_bytes_ + line_bytes <= limits_.max_header_bytes;
  if (next_ == Next::kRequestLine) {
    if (fits && line_bytes <= limits_.max_request_line_bytes + 2) return true;
    return Refuse(414, StrCat("the request line is longer than ",
                              limits_.max_request_line_bytes,
                              " bytes (max_request_line_bytes)"));
  }
  if (fits) return true;
  return Refuse(431,
                StrCat("the request's header is larger than ",
                       limits_.max_header_bytes, " bytes (max_header_bytes)"));
}

bool RequestParser::MeetRequestLine(std::string_view line) {
  head_bytes_ = line.size() + 2;
  const size_t space = line.find(' ');
  if (space == line.npos) return Refuse(400, "malformed request line");
  const std::string_view method = line.substr(0, space);
  if (!IsToken(method)) return Refuse(400, "malformed method");
  line.remove_prefix(space + 1);
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view target = line.substr(0, end);
  if (!Check(CheckTarget(target))) return false;
  const std::string_view version = line.substr(end);
  if (version != " HTTP/1.1" && version != " HTTP/1.0") {
    return Refuse(400, "the request line must end in HTTP/1.1 or HTTP/1.0");
  }
  head_.method = method;
  head_.target = target;
  head_.minor_version = version.back() - '0';
  head_.headers.Reserve(12, 512);
  next_ = Next::kField;
  return true;
}

bool RequestParser::SplitField(std::string_view line, Headers::Field* field) {
  if (line.starts_with(' ') || line.starts_with('\t')) {
    return Refuse(400, "a header field may not be folded over lines");
  }
  const size_t colon = line.find(':');
  if (colon == line.npos || !IsToken(line.substr(0, colon))) {
    return Refuse(400, "malformed header field name");
  }
  field->name = line.substr(0, colon);
  field->value = Trim(line.substr(colon + 1));
  if (!HasControl(field->value)) return true;
  return Refuse(400, "malformed header field value");
}

bool RequestParser::MeetField(std::string_view line) {
  Headers::Field field;
  if (!SplitField(line, &field)) return false;
  if (head_.headers.size() == limits_.max_headers) {
    return Refuse(431, StrCat("the request has more than ", limits_.max_headers,
                              " header fields (max_headers)"));
  }
  if (!MeetFraming(field.name, field.value)) return false;
  head_.headers.Add(field.name, field.value);
  return true;
}

// The fields that say where the request ends and what becomes of the
// connection.
bool RequestParser::MeetFraming(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 4:
      if (!EqualsIgnoreCase(name, "host")) return true;
      return Check(CheckHost(value, std::exchange(has_host_, true)));
    case 6:
      if (!EqualsIgnoreCase(name, "expect")) return true;
      head_.expects_continue = head_.minor_version > 0;
      return Check(CheckExpect(value));
    case 10:
      return !EqualsIgnoreCase(name, "connection") || MeetConnection(value);
    case 14:
      if (!EqualsIgnoreCase(name, "content-length")) return true;
      if (chunked_) return LengthAndCoding();
      return Check(TakeContentLength(value, &length_));
    case 16:
      return !EqualsIgnoreCase(name, "proxy-connection") ||
             MeetConnection(value);
    case 17:
      if (!EqualsIgnoreCase(name, "transfer-encoding")) return true;
      if (chunked_ || length_) return LengthAndCoding();
      chunked_ = true;
      return Check(CheckTransferEncoding(value, head_.minor_version));
    default:
      return true;
  }
}

bool RequestParser::MeetConnection(std::string_view value) {
  asks_to_close_ = asks_to_close_ || ListHas(value, "close");
  asks_to_stay_ = asks_to_stay_ || ListHas(value, "keep-alive");
  return Check(CheckTokens(value));
}

bool RequestParser::LengthAndCoding() {
  return Refuse(400,
                "Transfer-Encoding may come once, and not with Content-Length");
}

bool RequestParser::EndHead() {
  const bool http10 = head_.minor_version == 0;
  left_ = length_.value_or(0);
  if (left_ > limits_.max_body_bytes) return BodyTooLarge();
  if (require_host_ && !http10 && !has_host_) {
    return Refuse(400, "an HTTP/1.1 request must have a Host");
  }
  head_.keep_alive = !asks_to_close_ && (!http10 || asks_to_stay_);
  head_.has_body = chunked_ || left_ > 0;
  next_ = chunked_    ? Next::kChunkSize
          : left_ > 0 ? Next::kBody
                      : Next::kNothing;
  body_.reserve(std::min<size_t>(left_, kBodyReserve));
  return true;
}

bool RequestParser::BodyTooLarge() {
  return Refuse(413, StrCat("the body is larger than ", limits_.max_body_bytes,
                            " bytes (max_body_bytes)"));
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

bool RequestParser::MeetChunkSize(std::string_view line) {
  const std::optional<ChunkSize> chunk = ParseChunkSize(line);
  if (!chunk) return Refuse(400, "malformed chunk in a chunked body");
  if (chunk->size > limits_.max_body_bytes - body_.size()) {
    return BodyTooLarge();
  }
  left_ = chunk->size;
  next_ = left_ > 0 ? Next::kChunk : Next::kTrailer;
  return CountOverhead(chunk->extensions.size());
}

bool RequestParser::MeetTrailer(std::string_view line) {
  Headers::Field field;
  if (!SplitField(line, &field)) return false;
  if (EqualsIgnoreCase(field.name, "content-length") ||
      EqualsIgnoreCase(field.name, "transfer-encoding")) {
    return Refuse(400, StrCat("a trailer may not have a ", field.name));
  }
  return CountOverhead(line.size());
}

// Chunk extensions and trailers carry nothing that is kept; together they may
// be as large as a header.
bool RequestParser::CountOverhead(size_t bytes) {
  overhead_ += bytes;
  if (overhead_ <= limits_.max_header_bytes) return true;
  return Refuse(431,
                StrCat("chunk extensions and trailers are larger than ",
                       limits_.max_header_bytes, " bytes (max_header_bytes)"));
}

bool RequestParser::Refuse(int status, std::string message) {
  error_ = {status, std::move(message)};
  return false;
}

bool RequestParser::Check(ParseError wrong) {
  return wrong.ok() || Refuse(wrong.status, std::move(wrong.message));
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
  left_ = 0;
  overhead_ = 0;
  waiting_ = false;
  seen_ = 0;
}

}  // namespace millrace::http
