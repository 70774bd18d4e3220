// Ranges of files, as RFC 9110, 14 has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/static_fixture.h"

namespace millrace::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class StaticRangesTest : public StaticFixture {
 protected:
  StaticRangesTest() {
    for (int i = 0; i < 2000; ++i) StrAppend(&text_, i % 10, "abcd");
    Write("big.txt", text_);
    Write("empty.txt", "");
    ServeFiles({.chunk_bytes = 700});
  }

  TestResponse GetRange(std::string_view range, std::string_view more = "") {
    return Get("big.txt", StrCat("Range: ", range, "\r\n", more));
  }

  std::string text_;  // 10000 bytes
};

TEST_F(StaticRangesTest, SendsOnePart) {
  Serve([this] {
    const TestResponse first = GetRange("bytes=0-499");
    EXPECT_EQ(first.status, 206);
    EXPECT_EQ(first.headers.Get("Content-Range"), "bytes 0-499/10000");
    EXPECT_EQ(first.headers.Get("Content-Length"), "500");
    EXPECT_EQ(first.headers.Get("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_TRUE(first.headers.Has("ETag"));
    EXPECT_EQ(first.body, text_.substr(0, 500));
    EXPECT_EQ(GetRange("bytes=9500-").body, text_.substr(9500));
    EXPECT_EQ(GetRange("bytes=-500").body, text_.substr(9500));
    const TestResponse cut = GetRange("bytes=9990-99999");
    EXPECT_EQ(cut.headers.Get("Content-Range"), "bytes 9990-9999/10000");
    EXPECT_EQ(GetRange("bytes=1234-5678").body, text_.substr(1234, 4445));
    const TestResponse joined = GetRange("bytes=500-700,601-999");
    EXPECT_EQ(joined.headers.Get("Content-Range"), "bytes 500-999/10000");
  });
}

TEST_F(StaticRangesTest, SendsSeveralParts) {
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/files/big.txt",
                           "Range: bytes=0-999, 4500-5499, -1000\r\n") +
                GetRequest("/files/big.txt", "Range: bytes=0-0,-1\r\n"));
    const TestResponse got = client.Read();
    EXPECT_EQ(got.status, 206);
    EXPECT_FALSE(got.headers.Has("Content-Range"));
    const std::string type(got.headers.Get("Content-Type"));
    constexpr std::string_view kType = "multipart/byteranges; boundary=";
    ASSERT_THAT(type, StartsWith(std::string(kType)));
    const std::string boundary = type.substr(kType.size());
    const auto part = [&](size_t first, size_t size) {
      return StrCat("--", boundary,
                    "\r\nContent-Type: text/plain; charset=utf-8\r\n"
                    "Content-Range: bytes ",
                    first, "-", first + size - 1, "/10000\r\n\r\n",
                    text_.substr(first, size), "\r\n");
    };
    EXPECT_EQ(got.body, StrCat(part(0, 1000), part(4500, 1000),
                               part(9000, 1000), "--", boundary, "--\r\n"));
    EXPECT_EQ(got.headers.Get("Content-Length"), StrCat(got.body.size()));
    // What follows on the connection is where it should be.
    EXPECT_THAT(client.Read().body,
                HasSubstr("Content-Range: bytes 9999-9999/10000\r\n\r\nd\r\n"));
  });
}

TEST_F(StaticRangesTest, UnsatisfiableIs416WithTheSize) {
  Serve([this] {
    const TestResponse got = GetRange("bytes=10000-");
    EXPECT_EQ(got.status, 416);
    EXPECT_EQ(got.headers.Get("Content-Range"), "bytes */10000");
    EXPECT_THAT(got.body, HasSubstr("has only 10000 bytes"));
    EXPECT_EQ(GetRange("bytes=-0").status, 416);
    EXPECT_EQ(
        Get("empty.txt", "Range: bytes=0-0\r\n").headers.Get("Content-Range"),
        "bytes */0");
    // A condition comes before.
    EXPECT_EQ(GetRange("bytes=10000-", "If-None-Match: *\r\n").status, 304);
    EXPECT_EQ(GetRange("bytes=10000-", "If-Range: \"x\"\r\n").status, 200);
  });
}

TEST_F(StaticRangesTest, WhatDoesNotCountIsAnsweredWhole) {
  Serve([this] {
    std::string killer = "bytes=0-";
    for (int i = 0; i < 1000; ++i) StrAppend(&killer, ",5-", i + 5);
    std::string tiny = "bytes=0-0";
    for (int i = 1; i < 17; ++i) StrAppend(&tiny, ",", i * 500, "-", i * 500);
    for (const std::string& range :
         {killer, tiny, std::string("bytes=5-4"), std::string("lines=1-2"),
          std::string("bytes=a-b"), std::string("bytes=0-1,x"),
          // More than the whole with the heads of the parts.
          std::string("bytes=0-4900,4990-9999")}) {
      const TestResponse got = GetRange(range);
      EXPECT_EQ(got.status, 200) << range;
      EXPECT_EQ(got.body, text_);
    }
    // Two fields are one list, which says the unit twice.
    EXPECT_EQ(GetRange("bytes=0-1", "Range: bytes=3-4\r\n").status, 200);
  });
}

TEST_F(StaticRangesTest, IfRangeSaysWhetherItCounts) {
  Serve([this] {
    const std::string etag(Get("big.txt").headers.Get("ETag"));
    const auto status = [this](std::string_view if_range) {
      return GetRange("bytes=0-1", StrCat("If-Range: ", if_range, "\r\n"))
          .status;
    };
    EXPECT_EQ(status(etag), 206);
    EXPECT_EQ(status("W/" + etag), 200);
    EXPECT_EQ(status("\"other\""), 200);
    EXPECT_EQ(status("Sun, 06 Nov 1994 08:49:37 GMT"), 206);
    EXPECT_EQ(status("Sun, 06 Nov 1994 08:49:38 GMT"), 200);
    EXPECT_EQ(status("nonsense"), 200);
    EXPECT_EQ(Get("big.txt", "If-Range: \"other\"\r\n").status, 200);
  });
}

}  // namespace
}  // namespace millrace::http
