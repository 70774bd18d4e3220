#include "http/static_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/gzip.h"
#include "base/status.h"
#include "http/static_fixture.h"

namespace millrace::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class StaticFilesTest : public StaticFixture {};

TEST_F(StaticFilesTest, AnswersWithTypeLengthAndValidators) {
  Write("a/page.html", "<p>hello");
  Write("empty", "");
  ServeFiles();
  Serve([this] {
    const TestResponse got = Get("a/page.html");
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.body, "<p>hello");
    EXPECT_EQ(got.headers.Get("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(got.headers.Get("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(got.headers.Get("Content-Length"), "8");
    EXPECT_FALSE(got.headers.Has("Transfer-Encoding"));
    EXPECT_EQ(got.headers.Get("Accept-Ranges"), "bytes");
    EXPECT_EQ(got.headers.Get("Last-Modified"),
              "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_THAT(std::string(got.headers.Get("ETag")), StartsWith("\""));
    EXPECT_EQ(got.headers.Get("Cache-Control"), "no-cache");
    EXPECT_EQ(Get("a/page.html?v=1").status, 200);
    const TestResponse empty = Get("empty");
    EXPECT_EQ(empty.status, 200);
    EXPECT_EQ(empty.headers.Get("Content-Length"), "0");
    EXPECT_EQ(empty.headers.Get("Content-Type"), "application/octet-stream");
  });
}

TEST_F(StaticFilesTest, HeadHasTheHeadersOfGet) {
  Write("a.css", "body {}");
  ServeFiles();
  Serve([this] {
    TestClient client(port());
    client.Send(
        "HEAD /files/a.css HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n" +
        GetRequest("/files/a.css"));
    const TestResponse head = client.Read(true);
    EXPECT_EQ(head.status, 200);  // Range is for GET
    EXPECT_EQ(head.headers.Get("Content-Length"), "7");
    EXPECT_EQ(head.headers.Get("Accept-Ranges"), "bytes");
    EXPECT_EQ(client.Read().body, "body {}");
    client.Send("POST /files/a.css HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(client.Read().headers.Get("Allow"), "GET, HEAD, OPTIONS");
  });
}

TEST_F(StaticFilesTest, SaysHowLongAFileMayBeKept) {
  Write("a.js", "x");
  ServeFiles({.max_age = absl::Hours(1), .immutable = true});
  Serve([this] {
    const TestResponse got = Get("a.js");
    EXPECT_EQ(got.headers.Get("Cache-Control"),
              "public, max-age=3600, immutable");
    const std::string etag(got.headers.Get("ETag"));
    const TestResponse same =
        Get("a.js", StrCat("If-None-Match: ", etag, "\r\n"));
    EXPECT_EQ(same.status, 304);
    EXPECT_EQ(same.headers.Get("ETag"), etag);
    EXPECT_EQ(same.headers.Get("Cache-Control"),
              "public, max-age=3600, immutable");
    EXPECT_EQ(same.headers.Get("Vary"), "Accept-Encoding");
    EXPECT_FALSE(same.headers.Has("Content-Length"));
  });
}

TEST_F(StaticFilesTest, AnswersConditions) {
  Write("a.txt", "old");
  ServeFiles();
  Serve([this] {
    const std::string etag(Get("a.txt").headers.Get("ETag"));
    const auto status = [this](std::string_view name, std::string_view value) {
      return Get("a.txt", StrCat(name, ": ", value, "\r\n")).status;
    };
    EXPECT_EQ(status("If-None-Match", "W/" + etag), 304);
    EXPECT_EQ(status("If-None-Match", "\"other\""), 200);
    EXPECT_EQ(status("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"),
              304);
    EXPECT_EQ(status("If-Modified-Since", "Sun Nov  6 08:49:36 1994"), 200);
    EXPECT_EQ(status("If-Match", etag), 200);
    EXPECT_EQ(status("If-Match", "\"other\""), 412);
    EXPECT_EQ(status("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"),
              412);
    EXPECT_EQ(status("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"),
              200);
    Write("a.txt", "new", 784'111'778);
    EXPECT_EQ(status("If-None-Match", etag), 200);
    EXPECT_EQ(status("If-Match", etag), 412);
    // 304 and 412 leave the connection as it was.
    TestClient client(port());
    client.Send(GetRequest("/files/a.txt", "If-None-Match: *\r\n") +
                GetRequest("/files/a.txt", "If-Match: \"x\"\r\n") +
                GetRequest("/files/a.txt"));
    EXPECT_EQ(client.Read().status, 304);
    EXPECT_EQ(client.Read().status, 412);
    EXPECT_EQ(client.Read().body, "new");
  });
}

TEST_F(StaticFilesTest, ATagIsWeakWhileTheFileMayChangeUnseen) {
  // In the future, so that no time of day makes it settled.
  Write("a.txt", "0123456789", 4'000'000'000);
  ServeFiles();
  Serve([this] {
    const TestResponse got = Get("a.txt");
    const std::string etag(got.headers.Get("ETag"));
    EXPECT_THAT(etag, StartsWith("W/\""));
    // Never later than Date.
    EXPECT_THAT(std::string(got.headers.Get("Last-Modified")),
                testing::Not(HasSubstr("2096")));
    EXPECT_EQ(Get("a.txt", StrCat("If-None-Match: ", etag, "\r\n")).status,
              304);
    EXPECT_EQ(Get("a.txt", StrCat("If-Match: ", etag, "\r\n")).status, 412);
    EXPECT_EQ(
        Get("a.txt", StrCat("Range: bytes=0-1\r\nIf-Range: ", etag, "\r\n"))
            .status,
        200);
  });
}

TEST_F(StaticFilesTest, ServesTheCompressedSibling) {
  Write("a.css", "body { color: red }");
  Write("a.css.gz", Gzip("body { color: red }"));
  Write("b.css", "new");
  Write("b.css.gz", Gzip("old"), 784'111'776);
  Write("c.css", "alone");
  ServeFiles();
  Serve([this] {
    const std::string_view takes = "Accept-Encoding: br, gzip\r\n";
    const TestResponse packed = Get("a.css", takes);
    EXPECT_EQ(packed.headers.Get("Content-Encoding"), "gzip");
    EXPECT_EQ(packed.headers.Get("Content-Type"), "text/css; charset=utf-8");
    EXPECT_EQ(packed.headers.Get("Vary"), "Accept-Encoding");
    EXPECT_EQ(packed.body, Gzip("body { color: red }"));
    const TestResponse plain = Get("a.css");
    EXPECT_FALSE(plain.headers.Has("Content-Encoding"));
    EXPECT_EQ(plain.headers.Get("Vary"), "Accept-Encoding");
    EXPECT_EQ(plain.body, "body { color: red }");
    EXPECT_NE(plain.headers.Get("ETag"), packed.headers.Get("ETag"));
    EXPECT_EQ(Get("a.css", "Accept-Encoding: gzip;q=0\r\n").body,
              "body { color: red }");
    // A range is one of the file's own bytes.
    const TestResponse part =
        Get("a.css", StrCat(takes, "Range: bytes=0-3\r\n"));
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, "body");
    EXPECT_EQ(Get("b.css", takes).body, "new");
    EXPECT_EQ(Get("c.css", takes).body, "alone");
    EXPECT_EQ(Get("a.css.gz").headers.Get("Content-Type"), "application/gzip");
  });
}

TEST_F(StaticFilesTest, RedirectsFoldersAndServesTheirIndex) {
  Write("index.html", "home");
  Write("sub/index.html", "sub");
  Write("bare/a.txt", "a");
  Router files;
  files.Get("/*path", StaticFiles(loop_, {.root = root_}));
  router_.Mount("/files", files);
  Serve([this] {
    EXPECT_EQ(Get("").body, "home");
    EXPECT_EQ(Get("").headers.Get("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(Get("sub/").body, "sub");
    const TestResponse to_sub = Get("sub?a=b");
    EXPECT_EQ(to_sub.status, 301);
    EXPECT_EQ(to_sub.headers.Get("Location"), "./sub/?a=b");
    const TestResponse to_root = Ask(GetRequest("/files"));
    EXPECT_EQ(to_root.status, 301);
    EXPECT_EQ(to_root.headers.Get("Location"), "./files/");
    EXPECT_EQ(Get("bare/").status, 404);
    EXPECT_EQ(Get("sub/index.html/").status, 404);
  });
}

TEST_F(StaticFilesTest, SendsABigFileInChunks) {
  std::string text;
  for (int i = 0; text.size() < (3 << 20); ++i) StrAppend(&text, i, " ");
  Write("big", text);
  ServeFiles({.chunk_bytes = 10'000});
  Serve([&] {
    TestClient client(port());
    client.Send(GetRequest("/files/big") + GetRequest("/files/none"));
    EXPECT_EQ(client.Read().body, text);
    EXPECT_EQ(client.Read().status, 404);
  });
}

TEST_F(StaticFilesTest, AFileThatBecomesShorterCutsTheConnection) {
  Write("big", "");
  std::filesystem::resize_file(root_ + "/big", 256 << 20);
  ServeFiles();
  Serve([this] {
    TestClient client(port());
    client.Send(GetRequest("/files/big"));
    EXPECT_THAT(client.ReadUntil("\r\n\r\n"),
                HasSubstr("Content-Length: 268435456\r\n"));
    std::filesystem::resize_file(root_ + "/big", 100);
    size_t size = 0;
    for (std::string more; !(more = client.ReadSome()).empty();) {
      size += more.size();
    }
    EXPECT_LT(size, size_t{256 << 20});
    EXPECT_TRUE(client.AtEnd());
  });
}

TEST_F(StaticFilesTest, TheFileIsClosedWhenTheClientLeaves) {
  Write("big", "");
  std::filesystem::resize_file(root_ + "/big", 256 << 20);
  ServeFiles();
  const auto open = [this] {
    int count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const auto target = std::filesystem::read_symlink(entry.path(), gone);
      if (target == root_ + "/big") ++count;
    }
    return count;
  };
  Serve([&] {
    TestClient client(port());
    client.Send(GetRequest("/files/big"));
    client.ReadUntil("\r\n\r\n");
    EXPECT_EQ(open(), 1);
    client.Reset();
    while (open() > 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    // A HEAD and a 304 hold nothing either.
    TestClient other(port());
    other.Send("HEAD /files/big HTTP/1.1\r\nHost: x\r\n\r\n" +
               GetRequest("/files/big", "If-None-Match: *\r\n"));
    EXPECT_EQ(other.Read(true).status, 200);
    EXPECT_EQ(other.Read().status, 304);
    while (open() > 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
}

TEST_F(StaticFilesTest, RefusesOptionsThatMakeNoSense) {
  const auto code = [&](StaticOptions options) {
    try {
      StaticFiles(loop_, options);
    } catch (const StatusError& error) {
      return error.status().code();
    }
    return absl::StatusCode::kOk;
  };
  using Code = absl::StatusCode;
  EXPECT_EQ(code({}), Code::kInvalidArgument);
  EXPECT_EQ(code({.root = root_, .index = "../x"}), Code::kInvalidArgument);
  EXPECT_EQ(code({.root = root_, .max_age = absl::Seconds(-1)}),
            Code::kInvalidArgument);
  EXPECT_EQ(code({.root = root_, .max_ranges = 0}), Code::kInvalidArgument);
  EXPECT_EQ(code({.root = root_ + "/none"}), Code::kNotFound);
  EXPECT_EQ(code({.root = root_}), Code::kOk);
}

}  // namespace
}  // namespace millrace::http
