#include "http/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"

namespace millrace::http {
namespace {

using testing::HasSubstr;

struct Outcome {
  int error = 0;  // 0: none
  std::string message;
  bool done = false;
  std::string method;
  std::string target;
  std::string body;
  Headers headers;
  bool keep_alive = false;
  size_t left = 0;  // bytes not taken
};

// Feeds `text` in pieces of `piece` bytes, until the first request is whole.
Outcome Parse(std::string_view text, const ParserLimits& limits,
              size_t piece = std::string::npos) {
  RequestParser parser(limits);
  std::string input;
  size_t at = 0;
  while (at < text.size() && !parser.done() && !parser.failed()) {
    const std::string_view more = text.substr(at, piece);
    at += more.size();
    input += more;
    input.erase(0, parser.Feed(input));
  }
  Outcome outcome;
  if (parser.failed()) {
    outcome.error = parser.error().status;
    outcome.message = parser.error().message;
  }
  if (parser.head_done()) {
    outcome.method = parser.head().method;
    outcome.target = parser.head().target;
    outcome.headers = parser.head().headers;
    outcome.keep_alive = parser.head().keep_alive;
  }
  outcome.done = parser.done();
  outcome.body = parser.body();
  outcome.left = input.size() + (text.size() - at);
  return outcome;
}

Outcome Parse(std::string_view text, size_t piece = std::string::npos) {
  return Parse(text, ParserLimits(), piece);
}

TEST(ParserTest, TakesAWholeRequest) {
  const Outcome got = Parse(
      "POST /a/b?c=d HTTP/1.1\r\nHost: x:80\r\nX-One:  two words \r\n"
      "Content-Length: 5\r\n\r\nhelloGET");
  ASSERT_TRUE(got.done) << got.message;
  EXPECT_EQ(got.method, "POST");
  EXPECT_EQ(got.target, "/a/b?c=d");
  EXPECT_EQ(got.headers.Get("x-one"), "two words");
  EXPECT_EQ(got.headers.size(), 3u);
  EXPECT_EQ(got.body, "hello");
  EXPECT_TRUE(got.keep_alive);
  EXPECT_EQ(got.left, 3u);
}

TEST(ParserTest, TakesTheSameInPiecesOfAnySize) {
  const std::string text =
      "\r\nPOST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;name=\"va l\"\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n"
      "0\r\nTrailer: dropped\r\n\r\n";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    const Outcome got = Parse(text, piece);
    ASSERT_TRUE(got.done) << piece << ": " << got.message;
    EXPECT_EQ(got.body, "hello 0123456789") << piece;
    EXPECT_FALSE(got.headers.Has("Trailer"));
    EXPECT_EQ(got.left, 0u);
  }
}

TEST(ParserTest, LooksAtNoByteOfTheBody) {
  const std::string body("\r\n \n\x01\0\r\n\r\n\x7f: ", 14);
  const std::string text =
      StrCat("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n", body);
  for (size_t first = 0; first <= text.size(); ++first) {
    RequestParser parser{ParserLimits()};
    std::string input = text.substr(0, first);
    input.erase(0, parser.Feed(input));
    input += text.substr(first);
    if (!parser.done()) input.erase(0, parser.Feed(input));
    ASSERT_TRUE(parser.done()) << first << ": " << parser.error().message;
    EXPECT_EQ(parser.body(), body) << first;
  }
}

TEST(ParserTest, KeepsTheConnectionAsTheVersionAndTheHeaderSay) {
  EXPECT_TRUE(Parse("GET / HTTP/1.1\r\nHost: x\r\n\r\n").keep_alive);
  EXPECT_FALSE(Parse("GET / HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n")
                   .keep_alive);
  EXPECT_FALSE(Parse("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(
      Parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
  EXPECT_FALSE(Parse("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n")
                   .keep_alive);
  EXPECT_FALSE(Parse("GET / HTTP/1.1\r\nHost: x\r\nConnection: x,, \tclose"
                     "\r\nConnection: keep-alive\r\n\r\n")
                   .keep_alive);
}

TEST(ParserTest, ReadsTheNextRequestAfterReset) {
  RequestParser parser{ParserLimits()};
  std::string input =
      "PUT /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nA"
      "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n";
  input.erase(0, parser.Feed(input));
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.body(), "A");
  parser.Reset();
  EXPECT_FALSE(parser.started());
  input.erase(0, parser.Feed(input));
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.head().target, "/2");
  EXPECT_EQ(parser.body(), "");
  EXPECT_TRUE(input.empty());
}

struct BadCase {
  const char* name;
  std::string text;
  int status;
};

// The name of a test case must not change from run to run.
void PrintTo(const BadCase& bad, std::ostream* out) { *out << bad.name; }

std::string Head(std::string_view fields) {
  return StrCat("POST / HTTP/1.1\r\nHost: x\r\n", fields);
}

std::string Chunks(std::string_view body) {
  return Head(StrCat("Transfer-Encoding: chunked\r\n\r\n", body));
}

class BadRequestTest : public testing::TestWithParam<BadCase> {};

TEST_P(BadRequestTest, IsRefusedWholeAndByteByByte) {
  for (const size_t piece : {std::string::npos, size_t{1}}) {
    const Outcome got = Parse(GetParam().text, piece);
    EXPECT_FALSE(got.done);
    EXPECT_EQ(got.error, GetParam().status) << got.message;
    EXPECT_FALSE(got.message.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Smuggling, BadRequestTest,
    testing::Values(
        BadCase{"LengthAndChunked",
                Head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
                400},
        BadCase{"ChunkedAndLength",
                Head("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
                400},
        BadCase{"LengthTwice",
                Head("Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
                400},
        BadCase{"LengthsDiffer",
                Head("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
                400},
        BadCase{"LengthList", Head("Content-Length: 5, 5\r\n\r\nhello"), 400},
        BadCase{"LengthSigned", Head("Content-Length: +5\r\n\r\nhello"), 400},
        BadCase{"LengthNegative", Head("Content-Length: -5\r\n\r\n"), 400},
        BadCase{"LengthHex", Head("Content-Length: 0x5\r\n\r\nhello"), 400},
        BadCase{"LengthEmpty", Head("Content-Length: \r\n\r\n"), 400},
        BadCase{"LengthOverflows",
                Head("Content-Length: 18446744073709551621\r\n\r\n"), 400},
        BadCase{"SpaceBeforeColon", Head("Content-Length : 5\r\n\r\nhello"),
                400},
        BadCase{"ChunkedNotLast",
                Head("Transfer-Encoding: chunked, gzip\r\n\r\n"), 400},
        BadCase{"ChunkedTwice",
                Head("Transfer-Encoding: chunked, chunked\r\n\r\n"), 501},
        BadCase{"ChunkedInTwoFields",
                Head("Transfer-Encoding: chunked\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n"),
                400},
        BadCase{"ChunkedAmongOthers",
                Head("Transfer-Encoding: chunked\r\n"
                     "Transfer-Encoding: identity\r\n\r\n"),
                400},
        BadCase{"OtherCoding", Head("Transfer-Encoding: gzip, chunked\r\n\r\n"),
                501},
        BadCase{"Identity", Head("Transfer-Encoding: identity\r\n\r\n"), 400},
        BadCase{"EmptyCoding", Head("Transfer-Encoding:\r\n\r\n"), 400},
        BadCase{"VerticalTabCoding",
                Head("Transfer-Encoding: \vchunked\r\n\r\n"), 400},
        BadCase{"QuotedCoding", Head("Transfer-Encoding: \"chunked\"\r\n\r\n"),
                400},
        BadCase{"ChunkedInOldVersion",
                "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        BadCase{"FoldedValue", Head("X: a\r\n b\r\n\r\n"), 400},
        BadCase{"FoldedEmptyValue", Head("X:\r\n b\r\n\r\n"), 400},
        BadCase{"FoldedIntoNothing", Head("X: a\r\n \r\n\r\n"), 400},
        BadCase{"FoldedCoding", Head("Transfer-Encoding:\r\n chunked\r\n\r\n"),
                400},
        BadCase{"FoldedTrailer", Chunks("0\r\nX: a\r\n b\r\n\r\n"), 400},
        BadCase{"CodingInTrailer",
                Chunks("0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
        BadCase{"LengthInTrailer", Chunks("0\r\nContent-Length: 5\r\n\r\n"),
                400},
        BadCase{"FirstFieldIndented", "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
                400},
        BadCase{"BareLineFeed", "GET / HTTP/1.1\nHost: x\n\n", 400},
        BadCase{"BareLineFeedInValue", Head("X: a\nY: b\r\n\r\n"), 400},
        BadCase{"BareReturnInValue", Head("X: a\rY: b\r\n\r\n"), 400},
        BadCase{"NulInValue", Head(std::string("X: a\0b\r\n\r\n", 10)), 400},
        BadCase{"NulInName", Head(std::string("X\0Y: a\r\n\r\n", 10)), 400},
        BadCase{"NoColon", Head("Nonsense\r\n\r\n"), 400},
        BadCase{"EmptyName", Head(": a\r\n\r\n"), 400},
        BadCase{"ChunkSizeHexPrefix", Chunks("0x5\r\nhello\r\n0\r\n\r\n"), 400},
        BadCase{"ChunkSizeSigned", Chunks("+5\r\nhello\r\n0\r\n\r\n"), 400},
        BadCase{"ChunkSizeEmpty", Chunks("\r\nhello\r\n0\r\n\r\n"), 400},
        BadCase{"ChunkSizeSpace", Chunks("5 \r\nhello\r\n0\r\n\r\n"), 400},
        BadCase{"ChunkSizeOverflows", Chunks("10000000000000005\r\nhello"),
                400},
        BadCase{"ChunkBareLineFeed", Chunks("5\nhello\r\n0\r\n\r\n"), 400},
        BadCase{"ChunkDataTooLong", Chunks("5\r\nhelloo\r\n0\r\n\r\n"), 400},
        BadCase{"ChunkExtensionLineFeed",
                Chunks("5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"), 400},
        BadCase{"ChunkExtensionLineFeedUnquoted",
                Chunks("5;a\nb\r\nhello\r\n0\r\n\r\n"), 400}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Malformed, BadRequestTest,
    testing::Values(
        BadCase{"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
        BadCase{"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                400},
        BadCase{"HostWithPath", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        BadCase{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
        BadCase{"Http09", "GET /\r\n", 400},
        BadCase{"NoTarget", "GET  HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        BadCase{"SpaceInTarget", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        BadCase{"TabInTarget", "GET /a\tb HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        BadCase{"ControlInTarget", "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
                400},
        BadCase{"OtherVersion", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", 400},
        BadCase{"SpaceBehindVersion", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
                400},
        BadCase{"ConnectionNoList", Head("Connection: keep alive\r\n\r\n"),
                400},
        BadCase{"BadMethod", "GE(T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        BadCase{"ClientHello", std::string("\x16\x03\x01\x02\x00", 5), 400},
        BadCase{"ManyEmptyLines", "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n",
                400},
        BadCase{"OtherExpectation", Head("Expect: 200-ok\r\n\r\n"), 417}),
    [](const auto& info) { return std::string(info.param.name); });

ParserLimits Small() {
  ParserLimits limits;
  limits.max_request_line_bytes = 64;
  limits.max_header_bytes = 256;
  limits.max_headers = 4;
  limits.max_body_bytes = 10;
  return limits;
}

void ExpectLimit(const std::string& text, int status, std::string_view limit) {
  for (const size_t piece : {std::string::npos, size_t{1}, size_t{7}}) {
    const Outcome got = Parse(text, Small(), piece);
    EXPECT_FALSE(got.done);
    EXPECT_EQ(got.error, status) << got.message;
    EXPECT_THAT(got.message, HasSubstr(std::string(limit)));
  }
}

TEST(ParserLimitTest, RequestLine) {
  const std::string path(60, 'a');
  ExpectLimit(StrCat("GET /", path, " HTTP/1.1\r\nHost: x\r\n\r\n"), 414,
              "64 bytes (max_request_line_bytes)");
  ExpectLimit(StrCat("GET /", std::string(1000, 'a')), 414,
              "max_request_line_bytes");
  ExpectLimit(std::string(300, 'a'), 414, "max_request_line_bytes");
  // As many bytes as fit, and one more.
  const auto line = [](size_t size) {
    return StrCat("GET /", std::string(size - 14, 'a'), " HTTP/1.1\r\n");
  };
  for (const size_t piece : {std::string::npos, size_t{1}}) {
    EXPECT_TRUE(Parse(line(64) + "Host: x\r\n\r\n", Small(), piece).done);
  }
  ExpectLimit(line(65) + "Host: x\r\n\r\n", 414, "max_request_line_bytes");
}

TEST(ParserLimitTest, HeaderBytes) {
  ExpectLimit(Head(StrCat("X: ", std::string(300, 'a'), "\r\n\r\n")), 431,
              "256 bytes (max_header_bytes)");
  ExpectLimit(Head(StrCat("X: ", std::string(5000, 'a'))), 431,
              "max_header_bytes");
  // One byte more than fits, and as many as fit.
  const std::string fixed = Head("X: \r\n\r\n");
  const std::string fill(256 - fixed.size(), 'a');
  EXPECT_TRUE(Parse(Head(StrCat("X: ", fill, "\r\n\r\n")), Small()).done);
  ExpectLimit(Head(StrCat("X: ", fill, "a\r\n\r\n")), 431, "max_header_bytes");
}

TEST(ParserLimitTest, HeaderCount) {
  EXPECT_TRUE(Parse(Head("A: 1\r\nB: 2\r\nC: 3\r\n\r\n"), Small()).done);
  ExpectLimit(Head("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n"), 431,
              "4 header fields (max_headers)");
}

TEST(ParserLimitTest, BodyBytes) {
  EXPECT_TRUE(
      Parse(Head("Content-Length: 10\r\n\r\n0123456789"), Small()).done);
  // Told before the body comes.
  ExpectLimit(Head("Content-Length: 11\r\n\r\n"), 413,
              "10 bytes (max_body_bytes)");
  EXPECT_TRUE(Parse(Chunks("a\r\n0123456789\r\n0\r\n\r\n"), Small()).done);
  ExpectLimit(Chunks("8\r\n01234567\r\n3\r\nabc\r\n0\r\n\r\n"), 413,
              "10 bytes (max_body_bytes)");
  ExpectLimit(Chunks("ffffffffffffffff\r\n"), 413, "max_body_bytes");
}

TEST(ParserLimitTest, ChunkExtensionsAndTrailers) {
  ExpectLimit(Chunks(StrCat("5;a=", std::string(400, 'b'))), 431, "chunked");
  // As much as fits, and a byte more; zeros before a size count too.
  for (const size_t piece : {std::string::npos, size_t{1}}) {
    const std::string fits = StrCat("5;a=", std::string(252, 'b'));
    EXPECT_TRUE(
        Parse(Chunks(StrCat(fits, "\r\nhello\r\n0\r\n\r\n")), Small(), piece)
            .done);
  }
  ExpectLimit(Chunks(StrCat("5;a=", std::string(253, 'b'), "\r\n")), 431,
              "max_header_bytes");
  ExpectLimit(Chunks(StrCat(std::string(300, '0'), "5\r\nhello\r\n")), 431,
              "max_header_bytes");
  std::string many = Head("Transfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 10; ++i) {
    many += StrCat("1;a=", std::string(60, 'b'), "\r\nx\r\n");
  }
  ExpectLimit(many, 431, "max_header_bytes");
  ExpectLimit(Chunks(StrCat("0\r\nX: ", std::string(400, 'b'))), 431,
              "max_header_bytes");
}

TEST(ParserLimitTest, AStrangeOrderOfLimitsEnds) {
  ParserLimits limits = Small();
  limits.max_request_line_bytes = 1000;
  EXPECT_EQ(Parse(std::string(400, 'a'), limits).error, 414);
}

}  // namespace
}  // namespace millrace::http
