#include "http/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "loop/tcp.h"
#include "loop/testing/await.h"

namespace millrace::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A server that answers whatever comes with the same bytes.
class FetchTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::string> FetchFrom(const std::string& answer,
                                        FetchOptions options = {}) {
    const auto listener = Listen(answer);
    return AwaitOn(loop_, Fetch(loop_, Url(), options));
  }
  absl::StatusOr<FetchResponse> Post(FetchRequest request,
                                     const std::string& answer,
                                     FetchOptions options = {}) {
    const auto listener = Listen(answer);
    request.method = "POST";
    return AwaitOn(loop_, Exchange(loop_, Url(), std::move(request), options));
  }

  std::unique_ptr<TcpListener> Listen(const std::string& answer) {
    auto listener = TcpListener::Listen(
        loop_, "127.0.0.1", 0, 8,
        [this, answer](std::shared_ptr<TcpConnection> connection) {
          TcpConnection& client = *connections_.emplace_back(connection);
          client.OnData([this, &client, answer](std::string_view data) {
            asked_ += data;
            if (answer.empty() || asked_.find("\r\n\r\n") == asked_.npos)
              return;
            client.Write(answer).Detach();
            client.End();
          });
        });
    EXPECT_TRUE(listener.ok()) << listener.status();
    port_ = (*listener)->port();
    return *std::move(listener);
  }
  HttpUrl Url() const {
    return {.host = "127.0.0.1", .port = port_, .target = "/keys?x=1"};
  }

  EventLoop loop_;
  std::vector<std::shared_ptr<TcpConnection>> connections_;
  std::string asked_;
  int port_ = 0;
};

TEST_F(FetchTest, GetsABody) {
  const auto body = FetchFrom("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  ASSERT_TRUE(body.ok()) << body.status();
  EXPECT_EQ(*body, "{}");
  EXPECT_THAT(asked_, StartsWith(StrCat("GET /keys?x=1 HTTP/1.1\r\nHost: "
                                        "127.0.0.1:",
                                        port_, "\r\n")));
}

TEST_F(FetchTest, TakesTheFormsOfABody) {
  EXPECT_EQ(*FetchFrom("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),
            "{}");
  EXPECT_EQ(*FetchFrom("HTTP/1.0 200 OK\r\n\r\n{}"), "{}");
}

TEST_F(FetchTest, SaysWhatWentWrong) {
  const auto error = [this](const std::string& answer) {
    const auto body = FetchFrom(answer);
    EXPECT_EQ(body.status().code(), absl::StatusCode::kUnavailable);
    return std::string(MessageOf(body.status()));
  };
  EXPECT_EQ(error("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
            "the answer has the status 404");
  EXPECT_THAT(error("SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n"),
              HasSubstr("the answer is no HTTP/1.1"));
  EXPECT_EQ(error("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"),
            "the connection ended before the answer");
}

TEST_F(FetchTest, IsBounded) {
  EXPECT_EQ(FetchFrom("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789",
                      {.max_bytes = 8})
                .status(),
            absl::ResourceExhaustedError("the answer is too large"));
  EXPECT_EQ(FetchFrom("", {.timeout = absl::Milliseconds(50)}).status(),
            absl::DeadlineExceededError("the answer took too long"));
}

TEST_F(FetchTest, SendsABodyAndHeadersAndTellsTheWholeAnswer) {
  FetchRequest request;
  request.headers.Add("Content-Type", "text/plain");
  request.body = "hello";
  const auto response =
      Post(std::move(request),
           "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: "
           "2\r\n\r\nno");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->headers.Get("retry-after"), "7");
  EXPECT_EQ(response->body, "no");
  EXPECT_EQ(asked_, StrCat("POST /keys?x=1 HTTP/1.1\r\nHost: 127.0.0.1:", port_,
                           "\r\nContent-Type: text/plain\r\nContent-Length: "
                           "5\r\nConnection: close\r\n\r\nhello"));
}

TEST_F(FetchTest, NothingBreaksOutOfItsLine) {
  for (const auto& [name, value] :
       {std::pair("a", "b\r\nx: y"), std::pair("a b", "c"),
        std::pair("", "c")}) {
    FetchRequest request;
    request.headers.Add(name, value);
    EXPECT_EQ(Post(std::move(request), "").status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(asked_, "");
}

TEST_F(FetchTest, GivesUpWhenItIsToldTo) {
  AbortController controller;
  const Timer timer = loop_.SetTimeout(absl::Milliseconds(20), [controller] {
    controller.Abort(absl::CancelledError("not wanted any more"));
  });
  FetchOptions options;
  options.timeout = absl::Hours(1);
  options.signal = controller.signal();
  EXPECT_EQ(Post({}, "", options).status(),
            absl::CancelledError("not wanted any more"));
  // And does not begin when that has happened already.
  EXPECT_EQ(Post({}, "", options).status().code(),
            absl::StatusCode::kCancelled);
}

TEST(HttpUrl, IsReadInItsParts) {
  const auto url = ParseHttpUrl("http://id.example:8080/a/b?c=d");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->host, "id.example");
  EXPECT_EQ(url->port, 8080);
  EXPECT_EQ(url->target, "/a/b?c=d");
  EXPECT_EQ(ParseHttpUrl("http://id.example")->target, "/");
  EXPECT_EQ(ParseHttpUrl("http://id.example")->port, 80);
  EXPECT_EQ(ParseHttpUrl("http://[::1]:9/x")->host, "::1");
  EXPECT_EQ(ParseHttpUrl("http://[::1]/x")->port, 80);
}

TEST(HttpUrl, IsNothingElse) {
  for (const char* text :
       {"", "id.example", "ftp://id.example", "http://", "http:///x",
        "http://a:b@id.example", "http://id.example:0/", "http://id.example:x/",
        "http://id.example/#x", "http://id.example/a b",
        "http://id.example/\r\nx: y"}) {
    EXPECT_EQ(ParseHttpUrl(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(HttpUrl, MayBeSecure) {
  const auto url = ParseHttpUrl("https://id.example/keys");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_TRUE(url->secure);
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(ParseHttpUrl("https://id.example:8443")->port, 8443);
  EXPECT_FALSE(ParseHttpUrl("http://id.example")->secure);
}

}  // namespace
}  // namespace millrace::http
