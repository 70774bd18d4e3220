#include "http/parser.h"

// Beast asserts in its chunk parser that a last chunk split after "0\r\n"
// comes back with at least two more bytes, and copes when it does not.
#define BOOST_DISABLE_ASSERTS

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/strings.h"

namespace millrace::http {
namespace {

namespace beast = boost::beast::http;
using boost::beast::error_code;

constexpr int kLeadingEmptyLines = 4;
constexpr size_t kBodyReserve = 64 << 10;

std::string_view View(boost::beast::string_view text) {
  return std::string_view(text.data(), text.size());
}

// What Beast's own errors mean to a client.
ParseError Explain(error_code code, size_t max_body) {
  if (code == beast::error::body_limit) {
    return {413, StrCat("the body is larger than ", max_body,
                        " bytes (max_body_bytes)")};
  }
  if (code == beast::error::bad_method) return {400, "malformed method"};
  if (code == beast::error::bad_target) {
    return {400, "malformed request target"};
  }
  if (code == beast::error::bad_version) {
    return {400, "the request line must end in HTTP/1.1 or HTTP/1.0"};
  }
  if (code == beast::error::bad_field) {
    return {400, "malformed header field name"};
  }
  if (code == beast::error::bad_value) {
    return {400, "malformed header field value"};
  }
  if (code == beast::error::bad_line_ending) {
    return {400, "a line must end in CR LF"};
  }
  if (code == beast::error::bad_content_length ||
      code == beast::error::multiple_content_length) {
    return {400, "malformed or conflicting Content-Length"};
  }
  if (code == beast::error::bad_transfer_encoding) {
    return {400,
            "Transfer-Encoding may come once, and not with Content-Length"};
  }
  if (code == beast::error::bad_chunk ||
      code == beast::error::bad_chunk_extension) {
    return {400, "malformed chunk in a chunked body"};
  }
  return {400, StrCat("malformed request: ", code.message())};
}

// Beast's callbacks, gathered into a head and a body.
class Collector final : public beast::basic_parser<true> {
 public:
  Collector(const ParserLimits& limits, bool require_host)
      : limits_(limits), require_host_(require_host) {
    eager(true);
    body_limit(limits.max_body_bytes);
    header_limit(UINT32_MAX);  // Feed() counts, over the whole head
    head_.headers.Reserve(12, 512);
  }

  RequestHead& head() { return head_; }
  std::string& body() { return body_; }
  const ParseError& own_error() const { return own_error_; }
  bool has_request_line() const { return !head_.method.empty(); }

 private:
  using Text = boost::beast::string_view;

  void Refuse(int status, std::string message, error_code& code) {
    own_error_ = {status, std::move(message)};
    code = beast::error::bad_value;
  }

  bool Check(ParseError wrong, error_code& code) {
    if (wrong.ok()) return true;
    Refuse(wrong.status, std::move(wrong.message), code);
    return false;
  }

  void on_request_impl(beast::verb, Text method, Text target, int version,
                       error_code& code) override {
    if (method.size() + target.size() + 10 > limits_.max_request_line_bytes) {
      return Refuse(414,
                    StrCat("the request line is longer than ",
                           limits_.max_request_line_bytes,
                           " bytes (max_request_line_bytes)"),
                    code);
    }
    if (!Check(CheckTarget(View(target)), code)) return;
    head_.method = View(method);
    head_.target = View(target);
    head_.minor_version = version - 10;
  }

  void on_field_impl(beast::field field, Text name, Text value,
                     error_code& code) override {
    if (IsFolded(name, value)) {
      return Refuse(400, "a header field may not be folded over lines", code);
    }
    if (in_trailer_) return CountOverhead(name.size() + value.size(), code);
    if (head_.headers.size() == limits_.max_headers) {
      return Refuse(431,
                    StrCat("the request has more than ", limits_.max_headers,
                           " header fields (max_headers)"),
                    code);
    }
    const std::string_view text = View(value);
    ParseError wrong;
    if (field == beast::field::content_length) {
      wrong = CheckContentLength(text, std::exchange(has_length_, true));
    } else if (field == beast::field::transfer_encoding) {
      wrong = CheckTransferEncoding(text, head_.minor_version);
    } else if (field == beast::field::host) {
      wrong = CheckHost(text, std::exchange(has_host_, true));
    } else if (field == beast::field::expect) {
      wrong = CheckExpect(text);
      head_.expects_continue = head_.minor_version > 0;
    }
    if (Check(std::move(wrong), code)) head_.headers.Add(View(name), text);
  }

  // Beast hands an unfolded value in the input right behind its name; a
  // folded one it copies elsewhere, or finds behind a line's end.
  static bool IsFolded(Text name, Text value) {
    const auto gap_start =
        reinterpret_cast<uintptr_t>(name.data()) + name.size();
    const auto gap_end = reinterpret_cast<uintptr_t>(value.data());
    if (gap_end <= gap_start || gap_end - gap_start > (size_t{1} << 24)) {
      return true;
    }
    const std::string_view gap(name.data() + name.size(), gap_end - gap_start);
    return gap[0] != ':' ||
           gap.find_first_not_of(" \t", 1) != std::string_view::npos;
  }

  void on_header_impl(error_code& code) override {
    if (require_host_ && head_.minor_version > 0 && !has_host_) {
      return Refuse(400, "an HTTP/1.1 request must have a Host", code);
    }
    head_.keep_alive = keep_alive();
    head_.has_body = !is_done();
    in_trailer_ = true;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& size,
                         error_code&) override {
    if (size) body_.reserve(std::min<std::uint64_t>(*size, kBodyReserve));
  }

  size_t on_body_impl(Text text, error_code&) override {
    body_.append(text.data(), text.size());
    return text.size();
  }

  void on_chunk_header_impl(std::uint64_t, Text extensions,
                            error_code& code) override {
    if (HasControl(View(extensions))) {
      return Refuse(400, "control character in a chunk's extension", code);
    }
    CountOverhead(extensions.size(), code);
  }

  size_t on_chunk_body_impl(std::uint64_t, Text text, error_code&) override {
    body_.append(text.data(), text.size());
    return text.size();
  }

  void on_response_impl(int, Text, int, error_code&) override {}
  void on_finish_impl(error_code&) override {}

  // Chunk extensions and trailers carry nothing that is kept; together they
  // may be as large as a header.
  void CountOverhead(size_t bytes, error_code& code) {
    overhead_ += bytes;
    if (overhead_ > limits_.max_header_bytes) {
      Refuse(431,
             StrCat("chunk extensions and trailers are larger than ",
                    limits_.max_header_bytes, " bytes (max_header_bytes)"),
             code);
    }
  }

  const ParserLimits& limits_;
  const bool require_host_;
  RequestHead head_;
  std::string body_;
  ParseError own_error_;
  size_t overhead_ = 0;
  bool has_length_ = false;
  bool has_host_ = false;
  bool in_trailer_ = false;
};

}  // namespace

struct RequestParser::Impl {
  Impl(const ParserLimits& limits, bool require_host)
      : limits(limits), require_host(require_host) {}

  size_t SkipEmptyLines(std::string_view input) {
    size_t taken = 0;
    while (empty_lines < kLeadingEmptyLines &&
           input.substr(taken, 2) == "\r\n") {
      taken += 2;
      ++empty_lines;
    }
    return taken;
  }

  void Fail(ParseError why) {
    error = std::move(why);
    failed = true;
  }

  // Bytes of `input` that may still belong to the head.
  size_t Room() const { return limits.max_header_bytes - head_bytes; }

  void FailTooLong() {
    if (!collector->has_request_line()) {
      return Fail({414, StrCat("the request line is longer than ",
                               limits.max_request_line_bytes,
                               " bytes (max_request_line_bytes)")});
    }
    Fail({431, StrCat("the request's header is larger than ",
                      limits.max_header_bytes, " bytes (max_header_bytes)")});
  }

  // Whether what waits for more has outgrown its limit.
  bool Outgrown(size_t waiting) const {
    if (collector->is_header_done()) return waiting > limits.max_header_bytes;
    if (!collector->has_request_line()) {
      return waiting > limits.max_request_line_bytes || waiting >= Room();
    }
    return waiting >= Room();
  }

  // How much of a head's bytes to show Beast. Once it has seen a part of a
  // line it looks at nothing more until the head's end, so it is shown whole
  // lines, and errors come out as soon as the line is there.
  size_t Showable(std::string_view rest) {
    if (collector->has_request_line() && rest.starts_with("\r\n")) return 2;
    const size_t end = rest.find("\r\n\r\n");
    if (end != std::string_view::npos) return end + 4;
    if (!collector->has_request_line()) {
      const size_t line = rest.find('\n');
      if (line != std::string_view::npos) return line + 1;
      CheckPartialLine(rest);
      return 0;
    }
    size_t last = rest.rfind('\n');
    CheckPartialLine(rest.substr(last + 1));  // npos + 1 is 0
    if (last == std::string_view::npos) return 0;
    // Beast wants to see the byte behind a field's line.
    if (last + 1 == rest.size()) {
      last = last == 0 ? last : rest.rfind('\n', last - 1);
      if (last == std::string_view::npos) return 0;
    } else if (rest[last + 1] == ' ' || rest[last + 1] == '\t') {
      Fail({400, "a header field may not be folded over lines"});
    }
    return last + 2;
  }

  void CheckPartialLine(std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (HasControl(line)) {
      Fail({400, "control character in the request's header"});
    }
  }

  // Shows Beast a part of the head; returns the bytes taken, 0 when it has to
  // wait for more.
  size_t FeedHead(std::string_view rest) {
    rest = rest.substr(0, Room());
    const size_t show = Showable(rest);
    error_code code;
    size_t used = 0;
    if (show > 0 && !failed) {
      const bool whole = rest.substr(0, show).ends_with("\r\n\r\n");
      const bool first_line = !collector->has_request_line();
      used = Put(rest.substr(0, show), code);
      head_bytes += used;
      if (code == beast::error::need_more && used < show &&
          (whole || (first_line && used == 0))) {
        Fail({400, "malformed request line"});
      }
    }
    if (!failed && !collector->is_header_done() &&
        Outgrown(rest.size() - used)) {
      FailTooLong();
    }
    return used;
  }

  size_t FeedBody(std::string_view rest) {
    error_code code;
    const size_t used = Put(rest, code);
    if (code == beast::error::need_more && Outgrown(rest.size() - used)) {
      Fail({400, "a chunk's header or the trailer is too large"});
    }
    return used;
  }

  size_t Put(std::string_view bytes, error_code& code) {
    const size_t used = collector->put({bytes.data(), bytes.size()}, code);
    if (code && code != beast::error::need_more) {
      Fail(collector->own_error().ok() ? Explain(code, limits.max_body_bytes)
                                       : collector->own_error());
    }
    return used;
  }

  const ParserLimits limits;
  const bool require_host;
  std::optional<Collector> collector;
  ParseError error;
  size_t head_bytes = 0;  // taken so far
  int empty_lines = 0;
  bool waiting = false;  // bytes were shown that await more
  bool failed = false;
};

RequestParser::RequestParser(const ParserLimits& limits, bool require_host)
    : impl_(std::make_unique<Impl>(limits, require_host)) {
  Reset();
}

RequestParser::~RequestParser() = default;

size_t RequestParser::Feed(std::string_view input) {
  Impl& self = *impl_;
  Collector& collector = *self.collector;
  size_t taken = 0;
  if (!collector.got_some()) {
    taken = self.SkipEmptyLines(input);
    if (input.substr(taken) == "\r" && self.empty_lines < kLeadingEmptyLines) {
      self.waiting = true;
      return taken;
    }
  }
  while (taken < input.size() && !collector.is_done() && !self.failed) {
    const std::string_view rest = input.substr(taken);
    const size_t used =
        collector.is_header_done() ? self.FeedBody(rest) : self.FeedHead(rest);
    taken += used;
    if (used == 0) break;
  }
  self.waiting = taken < input.size();
  return taken;
}

bool RequestParser::started() const {
  return impl_->waiting || impl_->collector->got_some();
}
bool RequestParser::head_done() const {
  return !impl_->failed && impl_->collector->is_header_done();
}
bool RequestParser::done() const {
  return !impl_->failed && impl_->collector->is_done();
}
bool RequestParser::failed() const { return impl_->failed; }
RequestHead& RequestParser::head() { return impl_->collector->head(); }
std::string& RequestParser::body() { return impl_->collector->body(); }
const ParseError& RequestParser::error() const { return impl_->error; }

void RequestParser::Reset() {
  impl_->collector.emplace(impl_->limits, impl_->require_host);
  impl_->error = {};
  impl_->head_bytes = 0;
  impl_->empty_lines = 0;
  impl_->waiting = false;
  impl_->failed = false;
}

}  // namespace millrace::http
