#include "http/serializer.h"

#include <gtest/gtest.h>

namespace millrace::http {
namespace {

constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

std::string Head(int status, const Headers& headers, Framing framing) {
  std::string out;
  const absl::Status result = AppendHead(status, headers, framing, kDate, &out);
  return result.ok() ? out : result.ToString();
}

TEST(SerializerTest, WritesTheDate) {
  EXPECT_EQ(HttpDate(absl::FromUnixSeconds(784111777)), kDate);
}

TEST(SerializerTest, WritesAHead) {
  Framing framing;
  framing.length = 12;
  EXPECT_EQ(Head(404, {{"Content-Type", "text/plain"}}, framing),
            "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Content-Type: text/plain\r\nContent-Length: 12\r\n\r\n");
}

TEST(SerializerTest, TheFramingDecidesItsFields) {
  Framing framing;
  framing.chunked = true;
  framing.keep_alive = false;
  EXPECT_EQ(Head(200,
                 {{"content-length", "5"},
                  {"Transfer-Encoding", "gzip"},
                  {"Connection", "keep-alive"},
                  {"Date", "today"}},
                 framing),
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
}

TEST(SerializerTest, RefusesWhatWouldBreakTheHead) {
  EXPECT_EQ(Head(200, {{"X", "a\r\nY: b"}}, {}),
            "INTERNAL: a handler set a malformed response header: X");
  EXPECT_EQ(Head(200, {{"X Y", "a"}}, {}),
            "INTERNAL: a handler set a malformed response header: (bad name)");
  EXPECT_EQ(Head(200, {{"", "a"}}, {}),
            "INTERNAL: a handler set a malformed response header: (bad name)");
  EXPECT_EQ(Head(100, {}, {}),
            "INTERNAL: a handler answered with the impossible status 100");
}

TEST(SerializerTest, WritesChunks) {
  std::string out;
  AppendChunk("", &out);
  EXPECT_EQ(out, "");
  AppendChunk("0123456789abcdef", &out);
  EXPECT_EQ(out, "10\r\n0123456789abcdef\r\n");
}

}  // namespace
}  // namespace millrace::http
